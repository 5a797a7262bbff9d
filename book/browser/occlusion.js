"use strict";
/* What a model reacted to: the rules of ecgpredict.occlusion, and a drawing of its map.

   A window is an array of twelve columns in mV; tests/ecgpredict/test_browser.py compares the map with Python's. */
(() => {
  const { LEADS, RATE, N_SAMPLES } = window.EcgRecordings;
  const SEGMENT = RATE, PARTS = N_SAMPLES / SEGMENT;
  const FOR = "213, 94, 0", AGAINST = "0, 114, 178", MIN_LIMIT = 0.05;
  const { fround } = Math;

  /* A column without one piece: a line from the sample before it to the sample after it, in single precision. */
  function without(column, part) {
    const out = Float32Array.from(column), start = part * SEGMENT, stop = start + SEGMENT;
    const before = out[start === 0 ? stop : start - 1], after = out[stop === N_SAMPLES ? start - 1 : stop];
    const difference = fround(after - before);
    for (let i = 0; i < SEGMENT; i++)
      out[start + i] = before + fround(difference * fround((i + 1) / (SEGMENT + 1)));
    return out;
  }

  /* predict: array of windows -> promise of arrays of probabilities. Returns [superclass][lead][part]. */
  async function map(predict, columns) {
    const [whole] = await predict([columns]);
    const found = whole.map(() => LEADS.map(() => []));
    for (let lead = 0; lead < LEADS.length; lead++) {  // a lead at a time, so that the page stays responsive
      const pieces = Array.from({ length: PARTS }, (_, part) =>
        columns.map((column, other) => (other === lead ? without(column, part) : column)));
      (await predict(pieces)).forEach((scores) =>
        scores.forEach((score, i) => found[i][lead].push(whole[i] - score)));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return found;
  }

  const limitOf = (found) => Math.max(MIN_LIMIT, ...found.flat(2).map(Math.abs));

  /* Every lead over all ten seconds, on what each second of it adds to a probability. */
  function draw(canvas, columns, values, limit) {
    const row = 46, left = 44, second = 94, millivolt = 20, width = left + 10 * second + 8, height = LEADS.length * row;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio; canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, width, height);
    pen.font = "bold 13px sans-serif"; pen.lineWidth = 1.1;
    LEADS.forEach((name, lead) => {
      values[lead].forEach((value, part) => {
        pen.fillStyle = `rgba(${value > 0 ? FOR : AGAINST}, ${Math.abs(value) / limit})`;
        pen.fillRect(left + part * second * 10 / PARTS, lead * row + 1, second * 10 / PARTS, row - 2);
      });
      const middle = (lead + 0.5) * row, median = [...columns[lead]].sort((a, b) => a - b)[N_SAMPLES / 2];
      pen.fillStyle = pen.strokeStyle = "#000";
      pen.fillText(name, 4, middle + 4);
      pen.beginPath();
      columns[lead].forEach((value, i) => {
        const up = Math.max(-row, Math.min(row, (value - median) * millivolt));
        pen.lineTo(left + (i / RATE) * second, middle - up);
      });
      pen.stroke();
    });
  }

  window.EcgOcclusion = { map, draw, limitOf };
})();
