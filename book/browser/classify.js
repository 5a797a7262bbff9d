"use strict";
/* Classifies an ECG in the reader's own browser. Nothing is sent anywhere.

   The page includes window.ECG_MODEL (manifest entry and file, base64), window.ECG_EXAMPLES (int16 microvolts, base64)
   and, loaded at the first use, onnxruntime-web: its script, its glue module and its WebAssembly, the last two as base64
   so that the page also works from a folder, where browsers fetch nothing. */
(() => {
  const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
  const RATE = 100, SAMPLES = 1000;
  const UNITS = { mv: 1, uv: 1e-3, "µv": 1e-3, "μv": 1e-3, v: 1e3 };

  class Fault extends Error {}

  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

  /* ---- reading: the same rules as ecglib.recordings ---- */

  function order(names, where) {
    const plain = names.map((name) =>
      name.trim().toUpperCase().replace(/^LEAD/, "").replace(/^[ _-]+|[ _-]+$/g, "").replace(/^MDC_ECG_LEAD_/, ""));
    const missing = LEADS.filter((lead) => !plain.includes(lead.toUpperCase()));
    if (missing.length) throw new Fault(`${where}: leads missing: ${missing.join(" ")}. Found: ${names.join(" ").slice(0, 120)}.`);
    for (const lead of LEADS)
      if (plain.filter((name) => name === lead.toUpperCase()).length > 1) throw new Fault(`${where}: lead ${lead} is there twice.`);
    return LEADS.map((lead) => plain.indexOf(lead.toUpperCase()));
  }

  function factor(unit, where) {
    const known = UNITS[(unit || "").trim().toLowerCase()];
    if (!known) throw new Fault(`${where}: unit not known: ${unit || "none"}. Expected mV, µV or V.`);
    return known;
  }

  /* A signal is an array of twelve Float64Arrays in mV, in the order of LEADS. */
  function checked(name, columns, rate) {
    if (!(rate >= 100 && rate <= 1000)) throw new Fault(`${name}: sampling rate out of range: ${rate} Hz. Expected 100 to 1000 Hz.`);
    const seconds = columns[0].length / rate;
    if (!(seconds >= 10 - 0.5 / RATE)) throw new Fault(`${name}: recording too short: ${+seconds.toFixed(2)} seconds. Expected 10 or more.`);
    if (seconds > 3600) throw new Fault(`${name}: recording too long: ${Math.round(seconds)} seconds. Expected an hour at most.`);
    columns.forEach((column, lead) => {
      const share = column.reduce((sum, value) => sum + Number.isNaN(value), 0) / column.length;
      if (share > 0.1) throw new Fault(`${name}: too many samples missing in lead ${LEADS[lead]}: ${Math.round(100 * share)} %.`);
    });
    return { name, signal: columns.map(filled), rate };
  }

  function filled(column) {
    if (!column.some(Number.isNaN)) return column;
    const out = Float64Array.from(column);
    let last = -1;
    for (let i = 0; i <= out.length; i++) {
      if (i < out.length && Number.isNaN(column[i])) continue;
      if (i - last > 1) {
        const left = last >= 0 ? column[last] : column[i], right = i < out.length ? column[i] : column[last];
        for (let k = last + 1; k < i; k++) out[k] = left + ((right - left) * (k - last)) / (i - last);
      }
      last = i;
    }
    return out;
  }

  async function readCsv(file, units) {
    const lines = (await file.text()).split(/\r?\n/).filter((line) => line.trim());
    if (!lines.length) throw new Fault(`${file.name}: empty file.`);
    const names = lines[0].split(",").map((name) => name.replace(/^"|"$/g, "").trim());
    const rows = lines.slice(1).map((line) => line.split(",").map((cell) => (cell.trim() === "" ? NaN : Number(cell))));
    const words = rows.findIndex((row, i) => row.length !== names.length ||
      row.some((value, k) => Number.isNaN(value) && !/^\s*(nan)?\s*$/i.test(lines[i + 1].split(",")[k])));
    if (words >= 0 || !rows.length) throw new Fault(`${file.name}: no table of numbers${words >= 0 ? `, line ${words + 2}` : ""}.`);
    const clock = names.findIndex((name) => ["time", "t", "time_s", "seconds"].includes(name.toLowerCase()));
    if (clock < 0) throw new Fault(`${file.name}: sampling rate not known. Give a column "time" in seconds.`);
    const steps = rows.slice(1).map((row, i) => row[clock] - rows[i][clock]).sort((a, b) => a - b);
    const step = steps[Math.floor(steps.length / 2)];
    if (!(step > 0)) throw new Fault(`${file.name}: time does not run: steps of ${step} seconds.`);
    const kept = names.map((_, i) => i).filter((i) => i !== clock);
    const scale = factor(units, file.name);
    const columns = order(kept.map((i) => names[i]), file.name)
      .map((position) => Float64Array.from(rows, (row) => row[kept[position]] * scale));
    return checked(file.name.replace(/\.csv$/i, ""), columns, Math.round(1000 / step) / 1000);
  }

  async function readWfdb(header, data) {
    const raw = new Uint8Array(await header.arrayBuffer());
    const text = new TextDecoder("utf-8").decode(raw).replace(/\uFFFDV/g, "µV");
    const lines = text.split(/\r?\n/).filter((line) => line.trim() && !line.startsWith("#"));
    const [record, count, rateText, lengthText] = (lines[0] || "").trim().split(/\s+/);
    const leads = Number(count), rate = parseFloat(rateText), length = Number(lengthText);
    if (!record || !(leads > 0) || !(rate > 0) || lines.length < 1 + leads)
      throw new Fault(`${header.name}: no WFDB header.`);
    const signals = lines.slice(1, 1 + leads).map((line) => {
      const [file, format, gain, , , initial, , , ...name] = line.trim().split(/\s+/);
      const parts = /^([-+.\deE]+)?(?:\(([-+\d]+)\))?(?:\/(.+))?$/.exec(gain || "") || [];
      return { file, format: (format || "").split(/[x:+]/)[0], gain: Number(parts[1]) || 200,
               baseline: Number(parts[2] ?? 0), unit: parts[3] || "mV", name: name.join(" "), initial };
    });
    if (!data || signals.some((one) => one.file !== data.name))
      throw new Fault(`${header.name}: the signal file ${signals[0].file} belongs to it. Choose both together.`);
    const format = signals[0].format;
    if (!["16", "212"].includes(format) || signals.some((one) => one.format !== format))
      throw new Fault(`${header.name}: WFDB format ${format} is not read here; 16 and 212 are.`);
    const buffer = new Uint8Array(await data.arrayBuffer());
    const samples = format === "16" ? Math.floor(buffer.length / 2) : Math.floor((buffer.length * 2) / 3);
    if (length && samples < length * leads)
      throw new Fault(`${data.name}: signal file cut short: ${buffer.length} bytes for ${length} samples of ${leads} leads.`);
    const value = format === "16"
      ? (i) => ((buffer[2 * i] | (buffer[2 * i + 1] << 8)) << 16) >> 16
      : (i) => {
          const at = 3 * (i >> 1);
          const twelve = i & 1 ? buffer[at + 2] | ((buffer[at + 1] & 0xf0) << 4) : buffer[at] | ((buffer[at + 1] & 0x0f) << 8);
          return (twelve << 20) >> 20;
        };
    const missing = format === "16" ? -32768 : -2048;
    const total = length || Math.floor(samples / leads);
    const columns = order(signals.map((one) => one.name), header.name).map((position) => {
      const { gain, baseline, unit } = signals[position], scale = factor(unit, header.name);
      return Float64Array.from({ length: total }, (_, i) => {
        const digit = value(i * leads + position);
        return digit === missing ? NaN : ((digit - baseline) / gain) * scale;
      });
    });
    return checked(record.split("/")[0], columns, rate);
  }

  async function read(files, units) {
    const list = [...files];
    const header = list.find((file) => /\.hea$/i.test(file.name)), data = list.find((file) => /\.dat$/i.test(file.name));
    const csv = list.find((file) => /\.csv$/i.test(file.name));
    if (header) return readWfdb(header, data);
    if (csv) return readCsv(csv, units);
    if (data) throw new Fault(`${data.name}: the header (.hea) belongs to it. Choose both together.`);
    throw new Fault(`${list.map((file) => file.name).join(", ")}: not read here. Choose .hea and .dat together, or a .csv file.`);
  }

  /* ---- to 100 Hz: scipy.signal.resample_poly with its own Kaiser window and padtype "line" ---- */

  function bessel0(x) {
    let sum = 1, term = 1;
    for (let k = 1; k < 60; k++) { term *= (x / (2 * k)) ** 2; sum += term; if (term < 1e-17 * sum) break; }
    return sum;
  }

  function fraction(x, most) {
    let [a, b, c, d] = [0, 1, 1, 0], rest = x;  // continued fractions
    for (let i = 0; i < 40; i++) {
      const whole = Math.floor(rest), [n, m] = [whole * c + a, whole * d + b];
      if (m > most) break;
      [a, b, c, d] = [c, d, n, m];
      if (Math.abs(rest - whole) < 1e-12 || Math.abs(n / m - x) < 1e-15) break;
      rest = 1 / (rest - whole);
    }
    return [c, d];
  }

  function resample(column, up, down) {
    const greatest = Math.max(up, down), half = 10 * greatest, taps = new Float64Array(2 * half + 1);
    let sum = 0;
    for (let i = 0; i <= 2 * half; i++) {
      const t = i - half, x = t / greatest;
      const sinc = t === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      taps[i] = (sinc / greatest) * (bessel0(5 * Math.sqrt(Math.max(0, 1 - (t / half) ** 2))) / bessel0(5));
      sum += taps[i];
    }
    const n = column.length, first = column[0], slope = (column[n - 1] - first) / (n - 1);
    const at = (i) => (i < 0 || i >= n ? first + slope * i : column[i]);  // beyond its ends, a straight line
    const length = Math.ceil((n * up) / down), out = new Float64Array(length);
    for (let k = 0; k < length; k++) {
      const centre = k * down;  // among the up-sampled samples
      let value = 0;
      for (let i = Math.ceil((centre - half) / up); i <= Math.floor((centre + half) / up); i++)
        value += at(i) * taps[centre - i * up + half];
      out[k] = (value * up) / sum;
    }
    return out;
  }

  function windows({ signal, rate }) {
    let columns = signal;
    if (rate !== RATE) {
      const [up, down] = fraction(RATE / rate, 1000);
      columns = columns.map((column) => resample(column, up, down));
    }
    const length = columns[0].length, whole = Math.floor(length / SAMPLES), rest = length % SAMPLES;
    const starts = Array.from({ length: whole }, (_, i) => i * SAMPLES);
    if (whole === 0) {
      columns = columns.map((column) => Float64Array.from({ length: SAMPLES }, (_, i) => column[Math.min(i, length - 1)]));
      starts.push(0);
    } else if (rest >= SAMPLES / 2) starts.push(length - SAMPLES);
    return starts.map((start) => columns.map((column) => column.slice(start, start + SAMPLES)));
  }

  /* ---- the model ---- */

  let session = null;

  function script(source) {
    return new Promise((resolve, reject) => {
      const tag = document.createElement("script");
      tag.src = source;
      tag.onload = resolve;
      tag.onerror = () => reject(new Fault(`${source} could not be loaded.`));
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

  async function classify(recording, base) {
    const { mean, scale, temperature, classes } = window.ECG_MODEL.entry;
    const parts = windows(recording), ready = await open(base);
    const totals = new Float64Array(classes.length);
    let milliseconds = 0;
    for (const part of parts) {
      const x = new Float32Array(LEADS.length * SAMPLES);
      part.forEach((column, lead) => column.forEach((value, i) => { x[lead * SAMPLES + i] = (Math.fround(value) - mean) / scale; }));
      const start = performance.now();
      const result = await ready.run({ [ready.inputNames[0]]: new ort.Tensor("float32", x, [1, LEADS.length, SAMPLES]) });
      milliseconds += performance.now() - start;
      result[ready.outputNames[0]].data.forEach((score, i) => {
        const sure = Math.min(1 - 1e-6, Math.max(1e-6, score));
        totals[i] += 1 / (1 + Math.exp(-Math.log(sure / (1 - sure)) / temperature));
      });
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
      const place = Math.floor(lead / 3), part = SAMPLES / columnsOfPaper;
      trace(lead, place * part, (place + 1) * part, 12 + place * part / RATE * second, 70 + (lead % 3) * row);
    });
    trace(1, 0, SAMPLES, 12, 70 + 3 * row);
  }

  function line(pen, x0, y0, x1, y1, colour) {
    pen.strokeStyle = colour; pen.lineWidth = 0.5; pen.beginPath(); pen.moveTo(x0, y0); pen.lineTo(x1, y1); pen.stroke();
  }

  function start(root) {
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const base = root.dataset.assets, { entry } = window.ECG_MODEL;
    const status = part("status"), bars = part("bars");
    const say = (text, wrong) => { status.textContent = text; status.classList.toggle("ecg-wrong", Boolean(wrong)); };

    async function show(get) {
      root.dataset.state = "busy";
      say(session ? "Classifying …" : "Loading the runtime, once …");
      await new Promise((resolve) => setTimeout(resolve, 20));
      try {
        const recording = await get(), found = await classify(recording, base);
        draw(part("paper"), found.shown);
        part("paper").setAttribute("aria-label", `The twelve leads of ${recording.name} on ECG paper`);
        bars.replaceChildren(...entry.classes.map((name, i) => bar(name, found.probabilities[i], entry.thresholds[i])));
        part("result").hidden = false;
        say(`${recording.name}: ${found.windows} window${found.windows > 1 ? "s" : ""} of ten seconds, ` +
            `${found.milliseconds.toFixed(1)} ms${found.windows > 1 ? " each" : ""}.`);
        root.dataset.probabilities = JSON.stringify(found.probabilities);
        root.dataset.state = "done";
      } catch (error) {
        part("result").hidden = true;
        delete root.dataset.probabilities;
        say(error instanceof Fault ? error.message : `This did not work: ${error.message || error}`, true);
        root.dataset.state = "wrong";
      }
    }

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
        return checked(example.name, columns, RATE);
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
