"use strict";
// node read_recordings.js FOLDER-OF-SCRIPTS CASES.json: reads each case's files as the page does and prints the results.
const { readFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const [scripts, cases] = process.argv.slice(2);
const { InputError, read } = require(join(scripts, "recordings.js"));
const { windows } = require(join(scripts, "resampling.js"));

async function outcome({ files, units, taken }) {
  try {
    const recording = await read(files.map((path) => new File([readFileSync(path)], basename(path))), units, taken);
    const rows = (columns) => columns.map((column) => column && Array.from(column));  // null: an absent lead
    return { name: recording.name, rate: recording.rate, warnings: recording.warnings, signal: rows(recording.signal), windows: windows(recording).map(rows) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { error: error.message };
  }
}

(async () => {
  const found = {};
  for (const [name, one] of Object.entries(JSON.parse(readFileSync(cases, "utf8")))) found[name] = await outcome(one);
  process.stdout.write(JSON.stringify(found));
})();
