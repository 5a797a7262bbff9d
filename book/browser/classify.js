"use strict";
/* Classifies an ECG in the reader's own browser. Nothing is sent anywhere.

   The page includes recordings.js, resampling.js, occlusion.js, window.ECG_MODEL (manifest entry and file, base64), window.ECG_EXAMPLES
   (int16 microvolts, base64) and, loaded at the first use, onnxruntime-web: its script, its glue module and its
   WebAssembly, the last two as base64 so that the page also works from a folder, where browsers fetch nothing. */
(() => {
  const { LEADS, RATE, N_SAMPLES, InputError, validate, read } = window.EcgRecordings;
  const { windows } = window.EcgResampling;
  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

  /* ---- the model ---- */

  let session = null;

  function script(source) {
    return new Promise((resolve, reject) => {
      const tag = document.createElement("script");
      tag.src = source;
      tag.onload = resolve;
      tag.onerror = () => reject(new InputError(`${source} could not be loaded.`));
      document.head.append(tag);
    });
  }

  async function open(base) {
    if (session) return session;
    for (const name of ["ort.wasm.min.js", "ort-glue.js", "ort-binary.js"]) await script(`${base}ort/${name}`);
    const glue = new Blob([bytes(window.ORT_GLUE)], { type: "text/javascript" });
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = { mjs: URL.createObjectURL(glue) };
    ort.env.wasm.wasmBinary = bytes(window.ORT_BINARY).buffer;
    session = await ort.InferenceSession.create(bytes(window.ECG_MODEL.content), { executionProviders: ["wasm"] });
    delete window.ORT_BINARY;
    return session;
  }

  /* Windows, arrays of twelve columns in mV -> their calibrated probabilities. */
  async function predict(ready, parts) {
    const { mean, scale, temperature, classes } = window.ECG_MODEL.entry;
    const size = LEADS.length * N_SAMPLES, x = new Float32Array(parts.length * size);
    parts.forEach((part, number) => part.forEach((column, lead) => column.forEach((value, i) => {
      x[number * size + lead * N_SAMPLES + i] = (Math.fround(value) - mean) / scale;
    })));
    const given = new ort.Tensor("float32", x, [parts.length, LEADS.length, N_SAMPLES]);
    const scores = (await ready.run({ [ready.inputNames[0]]: given }))[ready.outputNames[0]].data;
    return parts.map((_, number) => classes.map((_, i) => {
      const sure = Math.min(1 - 1e-6, Math.max(1e-6, scores[number * classes.length + i]));
      return 1 / (1 + Math.exp(-Math.log(sure / (1 - sure)) / temperature));
    }));
  }

  async function classify(recording, base) {
    const { classes } = window.ECG_MODEL.entry;
    const parts = windows(recording), ready = await open(base);
    const totals = new Float64Array(classes.length);
    let milliseconds = 0;
    for (const part of parts) {
      const start = performance.now();
      const [scores] = await predict(ready, [part]);
      milliseconds += performance.now() - start;
      scores.forEach((score, i) => { totals[i] += score; });
    }
    return { probabilities: Array.from(totals, (total) => total / parts.length), windows: parts.length,
             milliseconds: milliseconds / parts.length, shown: parts[0] };
  }

  /* ---- the page ---- */

  function draw(canvas, columns) {
    const columnsOfPaper = 4, seconds = 10, millivolt = 40, second = 96;  // CSS pixels: 25 mm/s and 10 mm/mV, 4 px a mm
    const row = 3 * millivolt, width = seconds * second + 24, height = 4 * row + 40;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio; canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = "#fff8f6"; pen.fillRect(0, 0, width, height);
    for (let mm = 0; mm * 3.84 < width; mm++) line(pen, mm * 3.84, 0, mm * 3.84, height, mm % 5 ? "#f6d5cf" : "#e8a79c");
    for (let mm = 0; mm * 4 < height; mm++) line(pen, 0, mm * 4, width, mm * 4, mm % 5 ? "#f6d5cf" : "#e8a79c");
    pen.font = "bold 13px sans-serif";
    const trace = (lead, from, to, left, base) => {
      pen.strokeStyle = pen.fillStyle = "#000"; pen.lineWidth = 1.1; pen.beginPath();
      for (let i = from; i < to; i++) pen.lineTo(left + ((i - from) / RATE) * second, base - columns[lead][i] * millivolt);
      pen.stroke(); pen.fillText(LEADS[lead], left + 4, base - 1.15 * millivolt);
    };
    LEADS.forEach((_, lead) => {
      const place = Math.floor(lead / 3), part = N_SAMPLES / columnsOfPaper;
      trace(lead, place * part, (place + 1) * part, 12 + place * part / RATE * second, 70 + (lead % 3) * row);
    });
    trace(1, 0, N_SAMPLES, 12, 70 + 3 * row);
  }

  function line(pen, x0, y0, x1, y1, color) {
    pen.strokeStyle = color; pen.lineWidth = 0.5; pen.beginPath(); pen.moveTo(x0, y0); pen.lineTo(x1, y1); pen.stroke();
  }

  function start(root) {
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const base = root.dataset.assets, { entry } = window.ECG_MODEL;
    const status = part("status"), bars = part("bars"), button = part("map"), superclass = part("superclass");
    let current = null;  // what is shown: its window, name and, once computed, its map
    const say = (text, wrong) => { status.textContent = text; status.classList.toggle("ecg-wrong", Boolean(wrong)); };

    async function show(get) {
      root.dataset.state = "busy";
      say(session ? "Classifying …" : "Loading the runtime, once …");
      await new Promise((resolve) => setTimeout(resolve, 20));
      try {
        const recording = await get(), found = await classify(recording, base);
        part("warnings").replaceChildren(...recording.warnings.map((text) => {
          const item = document.createElement("li");
          item.textContent = text;
          return item;
        }));
        current = { name: recording.name, columns: found.shown, map: null };
        delete root.dataset.map;
        const above = entry.classes.map((_, i) => found.probabilities[i] - entry.thresholds[i]);
        superclass.selectedIndex = above.indexOf(Math.max(...above));
        button.setAttribute("aria-pressed", "false");
        redraw();
        bars.replaceChildren(...entry.classes.map((name, i) => bar(name, found.probabilities[i], entry.thresholds[i])));
        part("result").hidden = false;
        say(`${recording.name}: ${found.windows} window${found.windows > 1 ? "s" : ""} of ten seconds, ` +
            `${found.milliseconds.toFixed(1)} ms${found.windows > 1 ? " each" : ""}.`);
        root.dataset.probabilities = JSON.stringify(found.probabilities);
        root.dataset.state = "done";
      } catch (error) {
        part("result").hidden = true;
        delete root.dataset.probabilities;
        say(error instanceof InputError ? error.message : `This did not work: ${error.message || error}`, true);
        root.dataset.state = "wrong";
      }
    }

    function redraw() {
      const pressed = button.getAttribute("aria-pressed") === "true", canvas = part("paper");
      button.textContent = pressed ? "Show the ECG on paper" : "Show what the model reacted to";
      part("legend").hidden = part("choice").hidden = !pressed;
      if (!pressed) {
        draw(canvas, current.columns);
        canvas.setAttribute("aria-label", `The twelve leads of ${current.name} on ECG paper`);
        return;
      }
      const limit = EcgOcclusion.limitOf(current.map), values = current.map[superclass.selectedIndex];
      EcgOcclusion.draw(canvas, current.columns, values, limit);
      canvas.setAttribute("aria-label", `What each second of each lead of ${current.name} adds to ${superclass.value}`);
      part("limits").textContent = values.flat().some(Boolean)
        ? `Full color is a change of ${limit.toFixed(2)}.` : "No second of one lead alone changes this probability.";
    }

    button.addEventListener("click", async () => {
      const shown = current;
      button.disabled = true;
      try {
        const ready = await open(base);
        shown.map ||= await EcgOcclusion.map((parts) => predict(ready, parts), shown.columns);
        if (shown !== current) return;  // another recording was chosen in the meantime
        button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
        root.dataset.map = JSON.stringify(shown.map);
        redraw();
      } finally {
        button.disabled = false;
      }
    });
    superclass.append(...entry.classes.map((name) => new Option(name)));
    superclass.addEventListener("change", redraw);

    function bar(name, probability, threshold) {
      const item = document.createElement("li"), yes = probability >= threshold;
      item.className = yes ? "ecg-yes" : "";
      item.innerHTML = `<span class="ecg-name"></span><span class="ecg-track"><span class="ecg-fill"></span>` +
        `<span class="ecg-threshold"></span></span><span class="ecg-value"></span>`;
      item.querySelector(".ecg-name").textContent = name;
      item.querySelector(".ecg-fill").style.width = `${100 * probability}%`;
      item.querySelector(".ecg-threshold").style.left = `${100 * threshold}%`;
      item.querySelector(".ecg-value").textContent = `${probability.toFixed(3)}${yes ? ", found" : ""}`;
      return item;
    }

    window.ECG_EXAMPLES.forEach((example) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = example.name;
      button.addEventListener("click", () => show(async () => {
        const values = new Int16Array(bytes(example.content).buffer);
        const columns = LEADS.map((_, lead) => Float64Array.from({ length: values.length / 12 }, (_, i) => values[12 * i + lead] / 1000));
        return validate(example.name, columns, RATE);
      }));
      part("examples").append(button);
    });
    part("files").addEventListener("change", (event) => {
      if (event.target.files.length) show(() => read(event.target.files, part("units").value));
    });
    root.dataset.state = "ready";
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".ecg-classifier").forEach(start));
})();
