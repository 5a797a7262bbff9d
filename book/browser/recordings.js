"use strict";
/* Reads a recording in the browser and cuts it into windows of ten seconds at 100 Hz.

   The rules are those of ecgpredict.recordings, and tests/ecgpredict/test_browser_recordings.py compares the two.
   Of WFDB it reads formats 16 and 212 in one signal file; what it does not handle it refuses.
   A signal is an array of twelve Float64Arrays in mV, in the order of LEADS, with null for a lead that is absent; warnings
   say what is doubtful in it. */
(() => {
  const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
  const RATE = 100, N_SAMPLES = 1000;
  // the limb leads as sums of I and II: any two of them give the other four
  const LIMB = [[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]];
  const MV_PER_UNIT = { mv: 1, uv: 1e-3, "µv": 1e-3, "μv": 1e-3, v: 1e3, nv: 1e-6 };
  const MAX_SECONDS = 3600, MAX_MISSING_FRACTION = 0.1, MAX_AMPLITUDE_MV = 10000;
  const MAX_JITTER = 0.49;  // steps; see ecgpredict.recordings.csv_tables
  const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i, MISSING = /^(|nan|na|n\/a|null|none|[-+]?inf(inity)?)$/i;

  class InputError extends Error {}

  const PREFIX = /^((MDC_ECG_LEAD_|LEAD|E[CK]G(?=[ _-]))([ _]|(?<=[A-Z])-|-(?=\s))*)+/;
  const INVERTED = /[ _(-]*(INVERTED|INV|NEGATIVE|NEG)(?![A-Z])[ _)-]*/g;

  /* "AVR" for "ECG Lead aVR", "-AVR" for "-aVR" and "aVR (inverted)". */
  function plainLead(name) {
    const text = name.replace(/[−–]/g, "-").trim().toUpperCase().replace(PREFIX, "");
    const lead = text.replace(INVERTED, "").replace(/NEG$/, "");
    return (lead !== text || lead.startsWith("-") ? "-" : "") + lead.replace(/^[-_ ]+|[_ ]+$/g, "");
  }

  /* "any two limb leads V1 V5" for a set of leads, which are positions among LEADS. */
  function inWords(leads) {
    const chest = leads.filter((lead) => lead > 5), limb = leads.length - chest.length > 1;
    return [...(limb ? ["any two limb leads"] : []), ...(limb ? chest : leads).map((lead) => LEADS[lead])].join(" ");
  }

  /* [position, sign] of each lead, null for one that is not stored; `taken` are the sets of leads of which one has to be whole,
     after computing limb leads. */
  function leadPositions(names, where, taken) {
    const plain = names.map(plainLead);
    const found = LEADS.map((lead) => {
      const upper = lead.toUpperCase();
      for (const name of [upper, `-${upper}`])
        if (plain.filter((one) => one === name).length > 1) throw new InputError(`${where}: duplicate lead ${lead}.`);
      return plain.includes(upper) ? [plain.indexOf(upper), 1]
        : plain.includes(`-${upper}`) ? [plain.indexOf(`-${upper}`), -1] : null;
    });
    const enough = found.slice(0, 6).filter(Boolean).length > 1, absent = (lead) => !found[lead] && !(enough && lead < 6);
    const [missing] = taken.map((leads) => leads.filter(absent)).sort((a, b) => a.length - b.length);
    if (missing.length)
      throw new InputError(`${where}: leads missing. Expected: ${[...new Set(taken.map(inWords))].join("; or ")}. ` +
        `Found: ${names.join(" ").slice(0, 120) || "none"}. Add ${inWords(missing)}.`);
    return found;
  }

  /* The columns in mV of the leads from those that `columnAt` reads, notes about what was computed, and which are stored. */
  function standardize(names, where, taken, columnAt) {
    const positions = leadPositions(names, where, taken), notes = [];
    const columns = positions.map((found, lead) => {
      if (!found) return null;
      const column = columnAt(found[0]);
      if (found[1] > 0) return column;
      notes.push(`${LEADS[lead]} computed from the inverted lead that the file stores`);
      return column.map((value) => -value);
    });
    const derived = LIMB.map((_, i) => i).filter((i) => !positions[i]);
    const pair = LIMB.map((_, i) => i).filter((i) => positions[i]).slice(0, 2);
    if (pair.length > 1 && derived.length) {
      const [[a, b], [c, d]] = pair.map((i) => LIMB[i]);
      const [one, two] = pair.map((i) => columns[i]), determinant = a * d - b * c;
      for (const i of derived) {
        const p = (LIMB[i][0] * d - LIMB[i][1] * c) / determinant, q = (LIMB[i][1] * a - LIMB[i][0] * b) / determinant;
        columns[i] = one.map((value, k) => p * value + q * two[k]);
      }
      notes.push(`${derived.map((i) => LEADS[i]).join(" ")} computed from ${pair.map((i) => LEADS[i]).join(" and ")}`);
    }
    return { columns, notes, stored: positions };
  }

  function mvPerUnit(unit, where) {
    const factor = MV_PER_UNIT[(unit || "").trim().toLowerCase()];
    if (!factor) throw new InputError(`${where}: unknown unit: ${unit || "none"}. Expected mV, µV or V.`);
    return factor;
  }

  function validate(name, columns, rate, notes = [], stored = columns) {
    if (!(rate >= 100 && rate <= 1000))
      throw new InputError(`${name}: sampling rate out of range: ${rate} Hz. Expected 100 to 1000 Hz; times are in seconds.`);
    const seconds = columns.find(Boolean).length / rate;
    if (!(seconds >= 10 - 0.5 / RATE))
      throw new InputError(`${name}: recording too short: ${+seconds.toFixed(2)} seconds. Expected 10 or more.`);
    if (seconds > MAX_SECONDS)
      throw new InputError(`${name}: recording too long: ${Math.round(seconds)} seconds. Expected an hour at most.`);
    columns.forEach((column, lead) => {
      if (!column) return;
      let missing = 0, largest = 0;
      for (let i = 0; i < column.length; i++) {
        if (!Number.isFinite(column[i])) { column[i] = NaN; missing++; } else largest = Math.max(largest, Math.abs(column[i]));
      }
      const percent = Math.round((100 * missing) / column.length);
      if (stored[lead] && missing > MAX_MISSING_FRACTION * column.length)
        throw new InputError(`${name}: too many samples missing in lead ${LEADS[lead]}: ${percent} %.`);
      if (largest > MAX_AMPLITUDE_MV)
        throw new InputError(`${name}: impossible amplitude in lead ${LEADS[lead]}. Correct the unit or the gain.`);
    });
    const recording = { name, signal: columns.map((column) => column && fillGaps(column)), rate };
    return { ...recording, warnings: [...notes, ...qualityWarnings(recording, columns)] };
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

  /* ---- quality: the rules, limits and words of ecgpredict.recordings.quality and arm_reversal ----
     Rules that need leads which are absent find nothing. */

  const LIMB_MAX_MV = 4.2, ANY_MAX_MV = 9.7, LARGEST_MIN_MV = 0.77, FLAT_MV = 0.01, EQUAL_RANGES = 1e-3;
  const CLIPPED_S = 0.03, CLIPPED_TIMES = 5, CLIPPED_MIN_RANGE_MV = 0.05, EINTHOVEN_MV = 0.1, ARMS_THRESHOLD = 0.063;
  const LAWS = {
    "I + III = II (Einthoven)": ([I, II, III], i) => I[i] + III[i] - II[i],
    "aVR + aVL + aVF = 0 (Goldberger)": ([, , , aVR, aVL, aVF], i) => aVR[i] + aVL[i] + aVF[i],
    "aVR = -(I + II) / 2": ([I, II, , aVR], i) => aVR[i] + (I[i] + II[i]) / 2,
  };
  const ARMS_WEIGHTS = [[-0.604, 0.251, 0.052, -0.058, 0.08, 0.283], [-0.015, -0.154, 0.124, 0.1, -0.068, 0.5]];  // to I, II

  const isMeasured = (lead) => lead < 2 || lead > 5;  // the other four may be computed

  function windowStarts(samples, length) {
    const whole = Math.floor(samples / length), starts = Array.from({ length: whole }, (_, i) => i * length);
    return samples % length >= length / 2 ? [...starts, samples - length] : starts;
  }

  function quantiles(values, ...fractions) {
    const ordered = Float64Array.from(values).sort();
    return fractions.map((fraction) => ordered[Math.round(fraction * (ordered.length - 1))]);
  }

  function range(column) {
    const [low, high] = quantiles(column, 0.01, 0.99);
    return high - low;
  }

  function extremes(column) {
    return [column.reduce((a, b) => Math.min(a, b)), column.reduce((a, b) => Math.max(a, b))];
  }

  /* how many runs of at least `length` values pass the test */
  function runs(column, length, passes) {
    let count = 0, run = 0;
    column.forEach((value, i) => { run = passes(value, i) ? run + 1 : 0; if (run === length) count++; });
    return count;
  }

  function isConstant(column, rate) {
    return runs(column, Math.round(rate) - 1, (value, i) => value === column[i - 1]) > 0;
  }

  function isClipped(column, rate) {
    const [low, high] = extremes(column), length = Math.max(2, Math.round(CLIPPED_S * rate));
    return high - low > CLIPPED_MIN_RANGE_MV
      && runs(column, length, (value) => value >= high - 1e-6 || value <= low + 1e-6) >= CLIPPED_TIMES;
  }

  function isNormalized(columns) {
    const measured = columns.filter((column, lead) => column && isMeasured(lead));
    if (measured.length < 3) return false;  // two may be equal by chance
    const deviation = (column) => {
      const mean = column.reduce((a, b) => a + b) / column.length;
      return Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
    };
    return [(column) => extremes(column)[1] - extremes(column)[0], deviation].some((spread) => {
      const [low, high] = extremes(measured.map(spread));
      return low > FLAT_MV && high - low < EQUAL_RANGES * high;
    });
  }

  function breaksLaw(law, columns) {
    const residuals = columns[0].map((_, i) => law(columns, i)), [median] = quantiles(residuals, 0.5);
    return quantiles(residuals.map((value) => Math.abs(value - median)), 0.95)[0] > EINTHOVEN_MV;
  }

  /* between -1 and 1; negative where the limb leads agree better with the chest leads after a swap of the arms */
  function armsScore(columns, rate) {
    const lag = Math.max(1, Math.round(0.01 * rate)), slopes = (lead, i) => columns[lead][i] - columns[lead][i - lag];
    let asIs = 0, swapped = 0;
    for (let i = lag; i < columns[0].length; i++) {
      const [I, II] = ARMS_WEIGHTS.map((weights) => weights.reduce((sum, weight, k) => sum + weight * slopes(6 + k, i), 0));
      const one = slopes(0, i), two = slopes(1, i);
      asIs += (one - I) ** 2 + (two - II) ** 2;
      swapped += (-one - I) ** 2 + (two - one - II) ** 2;
    }
    return (swapped - asIs) / Math.max(swapped + asIs, 1e-12);
  }

  function qualityWarnings({ signal, rate }, unfilled) {
    const samples = signal.find(Boolean).length, length = Math.min(samples, Math.round(10 * rate)), found = [];
    const starts = windowStarts(samples, length);
    const cut = (columns) => starts.map((start) => columns.map((column) => column && column.subarray(start, start + length)));
    const windows = cut(signal), ranges = windows.map((columns) => columns.map((column) => column ? range(column) : NaN));
    const often = (marked) => marked.every(Boolean) ? "" : ` (in ${marked.filter(Boolean).length} of ${marked.length} windows)`;
    const flat = ranges.map((all) => all.map((one) => one < FLAT_MV));
    const judge = (rule) => windows.map((columns, w) => columns.map((column, lead) => column && !flat[w][lead] && rule(column, rate)));
    for (const [text, marked] of [
      ["missing samples, interpolated", cut(unfilled).map((columns) => columns.map((column) => column?.some(Number.isNaN)))],
      ["flat", flat], ["constant for 1 s or more", judge(isConstant)], ["clipped", judge(isClipped)],
    ]) {
      const leads = LEADS.filter((_, lead) => marked.some((row) => row[lead]));
      if (leads.length) found.push(`${text}: ${leads.join(" ")}${often(marked.map((row) => row.some(Boolean)))}`);
    }
    const largest = ranges.map((all) => Math.max(...all.map((one) => one || 0))), upTo = (peak) => `, up to ${+peak.toPrecision(2)} mV`;
    const high = ranges.map((all, w) => all.slice(0, 6).some((one) => one > LIMB_MAX_MV) || largest[w] > ANY_MAX_MV);
    const low = ranges.map((all) => Math.max(...all) < LARGEST_MIN_MV);  // of twelve leads
    for (const [size, marked, peak] of [["high", high, Math.max(...largest)], ["low", low, Math.min(...largest)]])
      if (marked.some(Boolean)) found.push(`unusually ${size} amplitudes${upTo(peak)}: wrong unit or gain?${often(marked)}`);
    if (isNormalized(signal)) found.push("equal ranges in all leads: normalized? the models take millivolts");
    const broken = Object.entries(LAWS).map(([name, law]) => [name,
      windows.map((columns) => columns.slice(0, 6).every(Boolean) && breaksLaw(law, columns))]);
    for (const [name, marked] of broken)
      if (marked.some(Boolean)) found.push(`limb leads violate ${name}: leads swapped or mislabeled?${often(marked)}`);
    const unusable = (w) => windows[w].some((column, lead) => isMeasured(lead) && (!column || flat[w][lead]));
    const arms = windows.map((columns, w) => unusable(w) ? 1 : armsScore(columns, rate)).sort((a, b) => a - b);
    const median = (arms[(arms.length - 1) >> 1] + arms[arms.length >> 1]) / 2;
    if (!broken.some(([, marked]) => marked.some(Boolean)) && median < ARMS_THRESHOLD)
      found.push("left and right arm electrodes swapped, or dextrocardia?");
    return found;
  }

  /* ---- CSV ---- */

  const SECONDS = Object.fromEntries([...["time", "t", "seconds", "sec", "time_s", "time_sec"].map((name) => [name, 1]),
                                      ...["time_ms", "t_ms", "ms", "milliseconds"].map((name) => [name, 1e-3])]);

  function timeUnit(name, where) {
    const plain = name.trim().toLowerCase().replace(/[\s_]*[[(]\s*(\w*)\s*[\])]$/, "_$1").replace(/^_|_$/g, "");
    if (!(plain in SECONDS) && /^(time|t_|timestamp|date|sec|milli)/.test(plain))
      throw new InputError(`${where}: a time of unknown unit: ${name}. Name it time, Time [s] or Time [ms].`);
    return SECONDS[plain];
  }

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

  /* A comma; a semicolon or a tab where the header has no comma: then numbers may have decimal commas. */
  function separatorOf(header) {
    return header.includes(",") ? "," : [";", "\t"].find((one) => header.includes(one)) || ",";
  }

  async function readCsv(file, units, taken) {
    const lines = (await file.text()).split(/\r?\n/).filter((line) => line.trim());
    if (!lines.length) throw new InputError(`${file.name}: empty file.`);
    const separator = separatorOf(lines[0]);
    const names = lines[0].replace(/^\uFEFF/, "").split(separator).map((name) => name.trim().replace(/^"|"$/g, "").trim());
    const rows = lines.slice(1).map((line) =>
      line.split(separator).map((text) => cell(separator === "," ? text : text.replace(",", "."))));
    if (rows.length && rows[0].length !== names.length)
      throw new InputError(`${file.name}: unreadable table: row 2 has ${rows[0].length} fields, the header ${names.length}.`);
    const badRow = rows.findIndex((row) => row.length !== names.length || row.includes(undefined));
    if (badRow >= 0 || !rows.length)
      throw new InputError(`${file.name}: unreadable table${badRow >= 0 ? `, line ${badRow + 2}` : ""}.`);
    const timeColumn = names.findIndex((name) => timeUnit(name, file.name) !== undefined);
    if (timeColumn < 0) throw new InputError(`${file.name}: unknown sampling rate. Give a column "time" in seconds.`);
    const step = timeUnit(names[timeColumn], file.name);
    const rate = samplingRate(rows.map((row) => row[timeColumn] * step), file.name);
    const channels = names.map((_, i) => i).filter((i) => i !== timeColumn);
    const factor = mvPerUnit(units, file.name);
    const { columns, notes, stored } = standardize(channels.map((i) => names[i]), file.name, taken,
      (position) => Float64Array.from(rows, (row) => row[channels[position]] * factor));
    return validate(file.name.replace(/\.csv$/i, ""), columns, rate, notes, stored);
  }

  /* ---- WFDB: https://physionet.org/physiotools/wag/header-5.htm ---- */

  const RECORD_LINE = /^(\S+?)(\/\d+)?\s+(\d+)(?:\s+(\d+\.?\d*|\.\d+)(?:\/\S*)?(?:\s+(\d+)(?=\s|$))?)?(?:\s|$)/;
  // file, format, frame, skew, byte offset, gain, baseline, unit, resolution, ADC zero, first value, checksum, block, name
  const SIGNAL_LINE = new RegExp(
    /^(\S+)\s+(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?/.source +
    /\s+(-?\d+\.?\d*(?:e[-+]?\d+)?)(?:\((-?\d+)\))?(?:\/(\S+))?/.source +
    /(?:\s+(-?\d+)(?=\s|$))?/.source.repeat(5) + /(?:\s+(\S.*))?$/.source);

  function parseSignalLine(line, where) {
    const found = SIGNAL_LINE.exec(line.trim().replace(/[−–]/g, "-"));
    if (!found) throw new InputError(`${where}: unreadable signal line: ${line.slice(0, 80)}`);
    const [, file, format, frame, skew, offset, gain, baseline, unit, , zero, , checksum, , name] = found;
    if (Number(frame ?? 1) !== 1) throw new InputError(`${where}: several samples per frame are not read here.`);
    if (!Number(gain)) throw new InputError(`${where}: no gain: ${file} has ${gain}. Write the gain and its unit into the header.`);
    if (Number(skew ?? 0) !== 0) throw new InputError(`${where}: signals with a skew are not read here.`);
    return { file, format, offset: Number(offset ?? 0), gain: Number(gain),
             baseline: Number(baseline ?? zero ?? 0), unit: unit || "mV", name: (name || "").replace(/[^ -~]/g, ""),
             checksum: checksum === undefined ? null : Number(checksum) };
  }

  function parseHeader(text, where) {
    const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
    const found = RECORD_LINE.exec(lines[0] || "");
    if (!found) throw new InputError(`${where}: unreadable WFDB header.`);
    const [, , segments, count, rate, length] = found;
    if (rate === undefined) throw new InputError(`${where}: unknown sampling rate. Write it into the header's first line.`);
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
    return { rate: Number(rate), length: Number(length ?? 0), signals, file, format, offset };
  }

  async function readWfdb(header, data, taken) {
    const text = new TextDecoder("utf-8").decode(new Uint8Array(await header.arrayBuffer())).replace(/\uFFFDV/g, "µV");
    const { rate, length, signals, file, format, offset } = parseHeader(text, header.name);
    if (!data || file.toLowerCase() !== data.name.toLowerCase())
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
    const wrong = signals.some((one) => one.checksum) ? signals.filter((one, position) => {
      let sum = 0;
      for (let i = 0; i < total; i++) sum += sampleAt(i * signals.length + position);
      return one.checksum !== null && (sum - one.checksum) % 65536 !== 0;
    }).map((one) => one.name) : [];
    const { columns, notes, stored } = standardize(signals.map((one) => one.name), header.name, taken, (position) => {
      const { gain, baseline, unit } = signals[position], factor = mvPerUnit(unit, header.name);
      return Float64Array.from({ length: total }, (_, i) => {
        const sample = sampleAt(i * signals.length + position);
        return sample === missing ? NaN : ((sample - baseline) / gain) * factor;
      });
    });
    if (wrong.length) notes.unshift(`signal file disagrees with its header's checksum, damaged? ${wrong.join(" ")}`);
    return validate(header.name.replace(/\.hea$/i, ""), columns, rate, notes, stored);
  }

  async function read(files, units, taken = [LEADS.map((_, i) => i)]) {
    const list = [...files], withSuffix = (pattern) => list.find((file) => pattern.test(file.name));
    const header = withSuffix(/\.hea$/i), data = withSuffix(/\.(dat|mat)$/i), csv = withSuffix(/\.csv$/i);
    if (header) return readWfdb(header, data, taken);
    if (csv) return readCsv(csv, units, taken);
    if (data) throw new InputError(`${data.name}: the header (.hea) belongs to it. Choose both together.`);
    throw new InputError(`${list.map((file) => file.name).join(", ")}: not read here. Choose .hea and .dat together, or a .csv file; "ecglib predict" reads DICOM, EDF, XML, SCP-ECG and more.`);
  }

  const api = { LEADS, RATE, N_SAMPLES, InputError, validate, read };
  if (typeof module === "undefined") window.EcgRecordings = api;
  else module.exports = api;  // for the tests, in Node
})();
