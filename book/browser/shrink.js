"use strict";
/* Two sliders, zeros and bits, that act on a network of 32 KB: its probabilities for one patient, live; its bytes and its AUC,
   from results/full/shrink.json (window.ECG_SHRINK). */
(() => {
  const grid = window.ECG_SHRINK, network = new EcgFloat.FloatNetwork(grid);
  const { columnsOf, MEANINGS, bar, whenLookChanges, eachRoot } = window.EcgPage;
  const CLASSES = Object.keys(MEANINGS);
  const CONTENT = `
    <fieldset><legend>Shrink it</legend>
      <label>Zeros <output data-part="zeros-text"></output>
        <input data-part="zeros" type="range" min="0" max="${grid.zeros.length - 1}" value="0"></label>
      <label>Bits of a weight <output data-part="bits-text"></output>
        <input data-part="bits" type="range" min="0" max="${grid.bits.length - 1}" value="0"></label>
    </fieldset>
    <dl class="ecg-numbers">
      <div><dt>as stored</dt><dd data-part="stored"></dd></div>
      <div><dt>compressed</dt><dd data-part="compressed"></dd></div>
      <div><dt>AUC</dt><dd data-part="auc"></dd></div>
    </dl>
    <div class="ecg-paper"><canvas data-part="curves" role="img"></canvas></div>
    <label>Patient <select data-part="patient"></select></label>
    <p data-part="label"></p>
    <ul data-part="bars" class="ecg-bars" aria-label="Probabilities"></ul>
    <p class="ecg-small">The mark on a bar is the probability of the network as trained. <strong>Not a medical device.</strong></p>`;

  /* AUC against zeros, a line for each number of bits; the chosen one is bold, and the chosen point marked. */
  function curves(canvas, row, column) {
    const width = canvas.parentElement.clientWidth, height = 240, ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio; canvas.height = height * ratio;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
    pen.scale(ratio, ratio);
    const left = 38, right = 12, top = 10, bottom = 36, low = 0.5, high = 0.95, last = grid.zeros[grid.zeros.length - 1];
    const x = (zeros) => left + ((width - left - right) * zeros) / last;
    const y = (auc) => height - bottom - ((height - top - bottom) * (Math.max(auc, low) - low)) / (high - low);
    pen.font = "12px sans-serif"; pen.fillStyle = pen.strokeStyle = style.color;
    for (const auc of [0.5, 0.6, 0.7, 0.8, 0.9]) {
      pen.globalAlpha = 0.2; pen.beginPath(); pen.moveTo(left, y(auc)); pen.lineTo(width - right, y(auc)); pen.stroke();
      pen.globalAlpha = 1; pen.fillText(auc.toFixed(1), 10, y(auc) + 4);
    }
    pen.textAlign = "center";
    for (let zeros = 0; zeros < 100; zeros += 20) pen.fillText(zeros, x(zeros), height - bottom + 16);
    pen.fillText("AUC, against zeros in percent", left + (width - left) / 2, height - 4);
    const others = [...grid.bits.keys()].filter((each) => each !== column);
    [...others, column].forEach((each) => {  // the chosen one last, over the others
      const chosen = each === column;
      pen.globalAlpha = chosen ? 1 : 0.3; pen.lineWidth = chosen ? 3 : 1.2;
      pen.strokeStyle = chosen ? "#d55e00" : style.color;
      pen.beginPath();
      grid.zeros.forEach((zeros, i) => pen.lineTo(x(zeros), y(grid.auc[i][each])));
      pen.stroke();
    });
    pen.globalAlpha = 1; pen.fillStyle = "#d55e00";
    const at = x(grid.zeros[row]), up = y(grid.auc[row][column]);
    pen.beginPath(); pen.arc(at, up, 6, 0, 7); pen.fill();
    pen.font = "bold 12px sans-serif"; pen.fillStyle = style.color;
    pen.fillText(`${grid.bits[column]} bits`, Math.min(Math.max(at, left + 24), width - 34), Math.min(up + 22, height - bottom - 6));
  }

  async function start(root) {
    root.innerHTML = CONTENT;
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
    let columns = null, trained = null;

    function show() {
      const row = Number(part("zeros").value), column = Number(part("bits").value);
      const zeros = grid.zeros[row], bits = grid.bits[column];
      part("zeros-text").textContent = `${zeros} %`;
      part("bits-text").textContent = bits === 32 ? "32, as trained" : String(bits);
      part("zeros").setAttribute("aria-valuetext", `${zeros} percent`);
      part("bits").setAttribute("aria-valuetext", `${bits} bits`);
      part("stored").textContent = kilobytes(grid.stored[row][column]);
      part("compressed").textContent = kilobytes(grid.compressed[row][column]);
      part("auc").textContent = grid.auc[row][column].toFixed(3);
      curves(part("curves"), row, column);
      part("curves").setAttribute("aria-label", `AUC against zeros for each number of bits. At ${zeros} percent zeros and ` +
        `${bits} bits it is ${grid.auc[row][column].toFixed(3)}, as trained ${grid.auc[0][0].toFixed(3)}.`);
      if (!columns) return;
      const { probabilities } = network.run(columns, zeros, bits);
      part("bars").replaceChildren(...CLASSES.map((name, i) => bar(name, probabilities[i], trained[i])));
      root.dataset.probabilities = JSON.stringify(probabilities);
    }

    async function choose() {
      const example = window.ECG_EXAMPLES[part("patient").selectedIndex];
      part("label").textContent = `PTB-XL record ${example.ecg_id}; cardiologist: ${example.statements.join("; ")}.`;
      columns = await columnsOf(example);
      trained = network.run(columns, 0, 32).probabilities;
      show();
    }

    part("patient").append(...window.ECG_EXAMPLES.map(({ name }) => new Option(name)));
    part("patient").selectedIndex = 1;
    part("patient").addEventListener("change", choose);
    ["zeros", "bits"].forEach((name) => part(name).addEventListener("input", show));
    whenLookChanges(root, show);
    await choose();
    root.dataset.state = "ready";
  }

  eachRoot(".ecg-shrink", start);
})();
