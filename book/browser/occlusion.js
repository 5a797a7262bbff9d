"use strict";
/* What a model reacted to: the rules of ecgpredict.occlusion.

   A recording is an array of columns in mV, in the order of the twelve leads; the map has those that the model takes.
   tests/ecgpredict/test_browser.py compares it with Python's. */
(() => {
  const { RATE, N_SAMPLES } = window.EcgRecordings;
  const SEGMENT = RATE, PARTS = N_SAMPLES / SEGMENT;
  const { fround } = Math;

  /* What replaces a piece of a column: a line from the sample before it to the sample after it, in single precision. */
  function line(column, part) {
    const start = part * SEGMENT, stop = start + SEGMENT;
    const before = fround(column[start === 0 ? stop : start - 1]), after = fround(column[stop === N_SAMPLES ? start - 1 : stop]);
    const difference = fround(after - before);
    return Float32Array.from({ length: SEGMENT }, (_, i) =>
      before + fround(difference * fround(fround(i + 1) / fround(SEGMENT + 1))));
  }

  /* The promise of [superclass][lead of the model][part]: the probability minus that without this second of this lead. */
  async function map(model, columns) {
    const whole = model.probabilities(columns), copy = model.network.copy();
    const values = whole.map(() => model.leads.map(() => []));
    for (const [at, lead] of model.leads.entries()) {  // a lead at a time, so that the page stays responsive
      for (let part = 0; part < PARTS; part++)
        model.probabilitiesWith(copy, lead, part * SEGMENT, line(columns[lead], part))
          .forEach((score, i) => values[i][at].push(whole[i] - score));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return values;
  }

  /* The change that has the full colour: the largest of a superclass, but not a single step of the int8 output. */
  const MIN_LIMIT = 0.02;
  const limitOf = (values) => Math.max(MIN_LIMIT, ...values.flat().map(Math.abs));

  window.EcgOcclusion = { map, limitOf };
})();
