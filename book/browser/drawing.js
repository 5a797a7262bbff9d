"use strict";
/* Draws an ECG on paper, 25 mm a second and 10 mm a millivolt, and a map of what a model reacted to.

   A drawing is as wide as the canvas stands on the page: a millimetre has as many pixels as fit. Columns are in the order of
   LEADS, null for a lead that is absent. */
(() => {
  const { LEADS, RATE } = window.EcgRecordings;
  const COLORS = {
    light: { paper: "#fffaf8", fine: "#f8ddd8", bold: "#eab1a7", ink: "#111", axis: "#5a4a48" },
    dark: { paper: "#191315", fine: "#33201f", bold: "#5a3533", ink: "#f4f4f4", axis: "#c9b8b6" },
  };
  const FOR = "213, 94, 0", AGAINST = "0, 114, 178";  // orange and blue, told apart by the colour-blind
  const SECOND = 25, MILLIVOLT = 10, PULSE = 10;  // millimetres; the pulse of 1 mV stands left of each row
  const TOP = 2;  // millimetres above the first row
  const NARROW = 560;  // CSS pixels
  const lead = (...names) => names.map((name) => LEADS.indexOf(name));
  const SHEET = [lead("I", "aVR", "V1", "V4"), lead("II", "aVL", "V2", "V5"), lead("III", "aVF", "V3", "V6")];
  const NARROW_SHEET = [0, 1, 2, 3, 4, 5].map((i) => [i, 6 + i]);
  const STRIP = [lead("II"), lead("V2"), lead("V5")];

  const colors = () => COLORS[document.documentElement.dataset.theme === "dark" ? "dark" : "light"];

  /* The pen of a canvas that is as wide as its place, `height` CSS pixels high. */
  function begin(canvas, height) {
    const width = canvas.parentElement.clientWidth, ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = colors().paper;
    pen.fillRect(0, 0, width, height);
    return pen;
  }

  function lines(pen, color, step, width, height) {
    pen.strokeStyle = color; pen.lineWidth = 0.6; pen.beginPath();
    for (let x = 0; x <= width; x += step) { pen.moveTo(x, 0); pen.lineTo(x, height); }
    for (let y = 0; y <= height; y += step) { pen.moveTo(0, y); pen.lineTo(width, y); }
    pen.stroke();
  }

  function timeAxis(pen, seconds, left, second, y) {
    pen.font = "11px sans-serif"; pen.fillStyle = colors().axis; pen.textAlign = "center";
    for (let t = 0; t <= seconds; t++) pen.fillText(t ? `${t} s` : "0", left + t * second, y);
    pen.textAlign = "start";
  }

  /* Rows of leads; a row's leads follow each other in time, as on the paper of an electrocardiograph. */
  function rows(canvas, columns, layout, seconds, rowHeight) {
    const width = canvas.parentElement.clientWidth, mm = width / (PULSE + seconds * SECOND + 6);
    const height = (layout.length * rowHeight + TOP + 9) * mm + 6, left = PULSE * mm, pen = begin(canvas, height);
    lines(pen, colors().fine, mm, width, height);
    lines(pen, colors().bold, 5 * mm, width, height);
    pen.lineJoin = "round";
    layout.forEach((leads, row) => {
      const base = ((row + 0.62) * rowHeight + TOP) * mm;
      pen.strokeStyle = pen.fillStyle = colors().ink; pen.lineWidth = 1.2; pen.beginPath();
      [[1, 0], [2.5, 0], [2.5, 1], [7.5, 1], [7.5, 0], [9, 0]].forEach(([x, up]) =>
        pen.lineTo(x * mm, base - up * MILLIVOLT * mm));
      pen.stroke();
      const each = Math.floor((seconds * RATE) / leads.length);
      leads.forEach((one, place) => {
        if (!columns[one]) return;
        const at = left + ((place * each) / RATE) * SECOND * mm;
        pen.beginPath();
        for (let i = 0; i < each; i++)
          pen.lineTo(at + (i / RATE) * SECOND * mm, base - columns[one][place * each + i] * MILLIVOLT * mm);
        pen.stroke();
        pen.font = "bold 13px sans-serif";
        pen.fillText(LEADS[one], at + 3, base - 0.46 * rowHeight * mm + 10);
      });
    });
    timeAxis(pen, seconds, left, SECOND * mm, height - 6);
  }

  /* A sheet without its rows and places where no lead is there. */
  function withLeads(layout, columns) {
    const full = layout.filter((row) => row.some((one) => columns[one]));
    const places = [...layout[0].keys()].filter((place) => full.some((row) => columns[row[place]]));
    return full.map((row) => places.map((place) => row[place]));
  }

  function paper(canvas, columns) {
    if (canvas.parentElement.clientWidth < NARROW) return rows(canvas, columns, withLeads(NARROW_SHEET, columns), 5, 24);
    const sheet = withLeads(SHEET, columns), rhythm = columns[1] ? 1 : columns.findIndex(Boolean);
    rows(canvas, columns, sheet[0].length > 1 ? [...sheet, [rhythm]] : sheet, 10, 26);
  }

  function strip(canvas, columns) {
    rows(canvas, columns, STRIP, canvas.parentElement.clientWidth < NARROW ? 4 : 10, 15);
  }

  /* These leads over all ten seconds, on what each second of them adds to a probability: values[lead][second]. */
  function map(canvas, columns, leads, values, limit) {
    const width = canvas.parentElement.clientWidth, row = width < NARROW ? 38 : 46, height = leads.length * row + 22;
    const left = 40, second = (width - left - 4) / 10, pen = begin(canvas, height);
    pen.lineJoin = "round";
    leads.forEach((position, one) => {
      const parts = values[one].length, wide = (second * 10) / parts;
      values[one].forEach((value, part) => {
        pen.fillStyle = `rgba(${value > 0 ? FOR : AGAINST}, ${(0.85 * Math.abs(value)) / limit})`;
        pen.fillRect(left + part * wide, one * row, wide, row);
        pen.strokeStyle = colors().fine; pen.lineWidth = 1;
        pen.strokeRect(left + part * wide, one * row, wide, row);
      });
      const low = Math.min(...columns[position]), high = Math.max(...columns[position]);
      const millivolt = Math.min(row * 0.45, (row * 0.92) / (high - low)), middle = (one + 0.5) * row;  // a tall lead stays in its row
      pen.fillStyle = pen.strokeStyle = colors().ink; pen.lineWidth = 1.1;
      pen.font = "bold 13px sans-serif";
      pen.fillText(LEADS[position], 3, middle + 4);
      pen.beginPath();
      columns[position].forEach((value, i) => pen.lineTo(left + (i / RATE) * second, middle - (value - (low + high) / 2) * millivolt));
      pen.stroke();
    });
    timeAxis(pen, 9, left, second, height - 6);
  }

  window.EcgDrawing = { paper, strip, map };
})();
