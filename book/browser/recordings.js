"use strict";
/* Reads a recording in the browser and cuts it into windows of ten seconds at 100 Hz.

   The rules are those of ecgpredict.recordings, and tests/ecgpredict/test_browser_recordings.py compares the two.
   Of WFDB it reads formats 16 and 212 in one signal file; what it does not handle it refuses.
   A signal is an array of twelve Float64Arrays in mV, in the order of LEADS. */
(() => {
  const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
  const RATE = 100, N_SAMPLES = 1000;
  const MV_PER_UNIT = { mv: 1, uv: 1e-3, "µv": 1e-3, "μv": 1e-3, v: 1e3 };
  const MAX_SECONDS = 3600, MAX_MISSING_FRACTION = 0.1, MAX_AMPLITUDE_MV = 10000;
  const MAX_JITTER = 0.49;  // steps; see ecgpredict.recordings.csv_tables
  const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i, MISSING = /^(|nan|na|n\/a|null|none|[-+]?inf(inity)?)$/i;

  class InputError extends Error {}

  function leadPositions(names, where) {
    const plain = names.map((name) =>
      name.trim().toUpperCase().replace(/^((MDC_ECG_LEAD_|LEAD|E[CK]G(?=[ _-]))[ _-]*)+/, "").replace(/^[ _-]+|[ _-]+$/g, ""));
    const missing = LEADS.filter((lead) => !plain.includes(lead.toUpperCase()));
    if (missing.length)
      throw new InputError(`${where}: leads missing: ${missing.join(" ")}. Found: ${names.join(" ").slice(0, 120)}.`);
    for (const lead of LEADS)
      if (plain.filter((name) => name === lead.toUpperCase()).length > 1)
        throw new InputError(`${where}: duplicate lead ${lead}.`);
    return LEADS.map((lead) => plain.indexOf(lead.toUpperCase()));
  }

  function mvPerUnit(unit, where) {
    const factor = MV_PER_UNIT[(unit || "").trim().toLowerCase()];
    if (!factor) throw new InputError(`${where}: unknown unit: ${unit || "none"}. Expected mV, µV or V.`);
    return factor;
  }

  function validate(name, columns, rate) {
    if (!(rate >= 100 && rate <= 1000))
      throw new InputError(`${name}: sampling rate out of range: ${rate} Hz. Expected 100 to 1000 Hz; times are in seconds.`);
    const seconds = columns[0].length / rate;
    if (!(seconds >= 10 - 0.5 / RATE))
      throw new InputError(`${name}: recording too short: ${+seconds.toFixed(2)} seconds. Expected 10 or more.`);
    if (seconds > MAX_SECONDS)
      throw new InputError(`${name}: recording too long: ${Math.round(seconds)} seconds. Expected an hour at most.`);
    columns.forEach((column, lead) => {
      let missing = 0, largest = 0;
      for (let i = 0; i < column.length; i++) {
        if (!Number.isFinite(column[i])) { column[i] = NaN; missing++; } else largest = Math.max(largest, Math.abs(column[i]));
      }
      const percent = Math.round((100 * missing) / column.length);
      if (missing > MAX_MISSING_FRACTION * column.length)
        throw new InputError(`${name}: too many samples missing in lead ${LEADS[lead]}: ${percent} %.`);
      if (largest > MAX_AMPLITUDE_MV)
        throw new InputError(`${name}: impossible amplitude in lead ${LEADS[lead]}. Correct the unit or the gain.`);
    });
    return { name, signal: columns.map(fillGaps), rate };
  }

  function fillGaps(column) {
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

  /* ---- CSV ---- */

  function jitter(time, rate) {
    let low = Infinity, high = -Infinity;
    time.forEach((t, i) => {
      const deviation = (t - time[0]) * rate - i;
      low = Math.min(low, deviation);
      high = Math.max(high, deviation);
    });
    return (high - low) / 2;
  }

  function samplingRate(time, where) {
    if (time.length < 2) throw new InputError(`${where}: time missing. Give the time of each sample in seconds.`);
    const wrong = time.findIndex((t, i) => !Number.isFinite(t) || (i && t <= time[i - 1]));
    if (wrong >= 0) throw new InputError(`${where}: time is not increasing in line ${wrong + 2}.`);
    const exact = (time.length - 1) / (time[time.length - 1] - time[0]);
    const rate = [Math.round(exact), exact].find((one) => one && jitter(time, one) <= MAX_JITTER);
    if (!rate) throw new InputError(`${where}: uneven sampling. Resample the recording to an even grid, or remove the gap.`);
    return rate;
  }

  function cell(text) {
    const trimmed = text.trim();
    return NUMBER.test(trimmed) ? Number(trimmed) : MISSING.test(trimmed) ? NaN : undefined;
  }

  async function readCsv(file, units) {
    const lines = (await file.text()).split(/\r?\n/).filter((line) => line.trim());
    if (!lines.length) throw new InputError(`${file.name}: empty file.`);
    const names = lines[0].split(",").map((name) => name.replace(/^"|"$/g, "").trim());
    const rows = lines.slice(1).map((line) => line.split(",").map(cell));
    const badRow = rows.findIndex((row) => row.length !== names.length || row.includes(undefined));
    if (badRow >= 0 || !rows.length)
      throw new InputError(`${file.name}: unreadable table${badRow >= 0 ? `, line ${badRow + 2}` : ""}.`);
    const timeColumn = names.findIndex((name) => ["time", "t", "time_s", "seconds"].includes(name.toLowerCase()));
    if (timeColumn < 0) throw new InputError(`${file.name}: unknown sampling rate. Give a column "time" in seconds.`);
    const rate = samplingRate(rows.map((row) => row[timeColumn]), file.name);
    const channels = names.map((_, i) => i).filter((i) => i !== timeColumn);
    const factor = mvPerUnit(units, file.name);
    const columns = leadPositions(channels.map((i) => names[i]), file.name)
      .map((position) => Float64Array.from(rows, (row) => row[channels[position]] * factor));
    return validate(file.name.replace(/\.csv$/i, ""), columns, rate);
  }

  /* ---- WFDB: https://physionet.org/physiotools/wag/header-5.htm ---- */

  const RECORD_LINE = /^([-\w]+)(\/\d+)?\s+(\d+)\s+(\d+\.?\d*|\.\d+)(?:\/\S*)?(?:\s+(\d+))?(?:\s|$)/;
  // file, format, frame, skew, byte offset, gain, baseline, unit, resolution, ADC zero, first value, checksum, block, name
  const SIGNAL_LINE = new RegExp(
    /^(\S+)\s+(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?/.source +
    /\s+(-?\d+\.?\d*(?:e[-+]?\d+)?)(?:\((-?\d+)\))?(?:\/(\S+))?/.source +
    /(?:\s+(\d+))?(?:\s+(-?\d+))?(?:\s+(-?\d+))?(?:\s+(-?\d+))?(?:\s+(\d+))?(?:\s+(\S.*))?$/.source);

  function parseSignalLine(line, where) {
    const found = SIGNAL_LINE.exec(line.trim());
    if (!found) throw new InputError(`${where}: unreadable signal line: ${line.slice(0, 80)}`);
    const [, file, format, frame, skew, offset, gain, baseline, unit, , zero, , , , name] = found;
    if (Number(frame ?? 1) !== 1) throw new InputError(`${where}: several samples per frame are not read here.`);
    if (Number(skew ?? 0) !== 0) throw new InputError(`${where}: signals with a skew are not read here.`);
    return { file, format, offset: Number(offset ?? 0), gain: Number(gain) || 200,
             baseline: Number(baseline ?? zero ?? 0), unit: unit || "mV", name: name || "" };
  }

  function parseHeader(text, where) {
    const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
    const found = RECORD_LINE.exec(lines[0] || "");
    if (!found) throw new InputError(`${where}: unreadable WFDB header.`);
    const [, record, segments, count, rate, length] = found;
    if (segments) throw new InputError(`${where}: records of several segments are not read here.`);
    if (!(Number(count) > 0) || lines.length < 1 + Number(count))
      throw new InputError(`${where}: unreadable WFDB header: ${count} signals, ${lines.length - 1} signal lines.`);
    const signals = lines.slice(1, 1 + Number(count)).map((line) => parseSignalLine(line, where));
    const [{ file, format, offset }] = signals;
    if (signals.some((one) => one.file !== file)) throw new InputError(`${where}: several signal files are not read here.`);
    if (!["16", "212"].includes(format) || signals.some((one) => one.format !== format))
      throw new InputError(`${where}: WFDB format ${format} is not read here; 16 and 212 are.`);
    if (signals.some((one) => one.offset !== offset))
      throw new InputError(`${where}: different byte offsets in one signal file.`);
    return { record, rate: Number(rate), length: Number(length ?? 0), signals, file, format, offset };
  }

  async function readWfdb(header, data) {
    const text = new TextDecoder("utf-8").decode(new Uint8Array(await header.arrayBuffer())).replace(/\uFFFDV/g, "µV");
    const { record, rate, length, signals, file, format, offset } = parseHeader(text, header.name);
    if (!data || file !== data.name)
      throw new InputError(`${header.name}: the signal file ${file} belongs to it. Choose both together.`);
    const bytes = new Uint8Array(await data.arrayBuffer()).subarray(offset);
    const samples = format === "16" ? Math.floor(bytes.length / 2) : Math.floor((bytes.length * 2) / 3);
    if (samples < length * signals.length)
      throw new InputError(`${data.name}: signal file cut short: ${bytes.length} bytes for ${length} samples of ${signals.length} leads.`);
    const sampleAt = format === "16"
      ? (i) => ((bytes[2 * i] | (bytes[2 * i + 1] << 8)) << 16) >> 16
      : (i) => {
          const at = 3 * (i >> 1);
          const twelve = i & 1 ? bytes[at + 2] | ((bytes[at + 1] & 0xf0) << 4) : bytes[at] | ((bytes[at + 1] & 0x0f) << 8);
          return (twelve << 20) >> 20;
        };
    const missing = format === "16" ? -32768 : -2048;
    const total = length || Math.floor(samples / signals.length);
    const columns = leadPositions(signals.map((one) => one.name), header.name).map((position) => {
      const { gain, baseline, unit } = signals[position], factor = mvPerUnit(unit, header.name);
      return Float64Array.from({ length: total }, (_, i) => {
        const sample = sampleAt(i * signals.length + position);
        return sample === missing ? NaN : ((sample - baseline) / gain) * factor;
      });
    });
    return validate(record, columns, rate);
  }

  async function read(files, units) {
    const list = [...files], withSuffix = (pattern) => list.find((file) => pattern.test(file.name));
    const header = withSuffix(/\.hea$/i), data = withSuffix(/\.dat$/i), csv = withSuffix(/\.csv$/i);
    if (header) return readWfdb(header, data);
    if (csv) return readCsv(csv, units);
    if (data) throw new InputError(`${data.name}: the header (.hea) belongs to it. Choose both together.`);
    throw new InputError(`${list.map((file) => file.name).join(", ")}: not read here. Choose .hea and .dat together, or a .csv file.`);
  }

  const api = { LEADS, RATE, N_SAMPLES, InputError, validate, read };
  if (typeof module === "undefined") window.EcgRecordings = api;
  else module.exports = api;  // for the tests, in Node
})();
