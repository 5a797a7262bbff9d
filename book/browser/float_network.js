"use strict";
/* The same network in floating point, with fewer and shorter weights: for the page "Shrink it yourself".

   What it runs is in results/full/shrink.json; tools/shrink_grid.py computes that file's AUCs with the same rules. */
(() => {
  /* A layer's weights without their smallest `zeros` percent, each output's rounded to whole multiples of one step. */
  function shrink(weights, outputs, zeros, bits) {
    const count = Math.floor((zeros * weights.length + 50) / 100), out = Float64Array.from(weights);
    const order = Uint32Array.from(weights.keys()).sort((a, b) => Math.abs(weights[a]) - Math.abs(weights[b]));
    for (let i = 0; i < count; i++) out[order[i]] = 0;
    if (bits === 32) return out;
    const each = weights.length / outputs, most = 2 ** (bits - 1) - 1;
    for (let output = 0; output < outputs; output++) {
      const row = out.subarray(output * each, (output + 1) * each);
      const step = row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / most || 1;
      row.forEach((value, i) => { row[i] = Math.floor(value / step + 0.5) * step; });
    }
    return out;
  }

  function convolution({ inputs, outputs, taps, stride, padding }, weights, bias, x) {
    const length = x.length / inputs, columns = Math.floor((length + 2 * padding - taps) / stride) + 1;
    const out = new Float64Array(columns * outputs), each = taps * inputs;
    for (let column = 0; column < columns; column++) {
      const start = (column * stride - padding) * inputs;
      const from = Math.max(0, -start), to = Math.min(each, x.length - start);  // beyond the ends are zeros
      for (let output = 0; output < outputs; output++) {
        let sum = bias[output];
        for (let i = from, at = output * each + from; i < to; i++, at++) sum += x[start + i] * weights[at];
        out[column * outputs + output] = Math.max(0, sum);
      }
    }
    return out;
  }

  function pool(x, channels) {
    const columns = Math.floor(x.length / channels / 2);
    return Float64Array.from({ length: columns * channels }, (_, i) => {
      const at = i + Math.floor(i / channels) * channels;
      return Math.max(x[at], x[at + channels]);
    });
  }

  class FloatNetwork {
    constructor({ layers, content, mean, scale }) {
      const numbers = new Float32Array(Uint8Array.from(atob(content), (character) => character.charCodeAt(0)).buffer);
      let at = 0;
      const take = (count) => numbers.subarray(at, (at += count));
      this.normal = (value) => (value - mean) / scale;
      this.layers = layers.map((layer) => {
        if (layer.operator === "pool") return layer;
        const weights = take(layer.outputs * layer.inputs * (layer.taps || 1));
        return { ...layer, weights, bias: take(layer.outputs) };
      });
    }

    /* Twelve columns in mV -> probabilities, and the share of weights that are zero. */
    run(columns, zeros, bits) {
      const leads = columns.length;
      let x = new Float64Array(columns[0].length * leads), channels = leads, none = 0, all = 0;
      columns.forEach((column, lead) => column.forEach((value, i) => { x[i * leads + lead] = this.normal(value); }));
      for (const layer of this.layers) {
        if (layer.operator === "pool") { x = pool(x, channels); continue; }
        const weights = shrink(layer.weights, layer.outputs, zeros, bits);
        none += weights.reduce((sum, weight) => sum + (weight === 0), 0); all += weights.length;
        if (layer.operator === "convolution") {
          x = convolution(layer, weights, layer.bias, x);
          channels = layer.outputs;
          continue;
        }
        const columnsLeft = x.length / channels, mean = Float64Array.from({ length: channels }, (_, channel) => {
          let sum = 0;
          for (let column = 0; column < columnsLeft; column++) sum += x[column * channels + channel];
          return sum / columnsLeft;
        });
        const logits = layer.bias.map((bias, output) =>
          mean.reduce((sum, value, i) => sum + value * weights[output * channels + i], bias));
        return { probabilities: Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit))), zeros: none / all };
      }
      throw new Error("no linear layer");
    }
  }

  const api = { FloatNetwork, shrink };
  if (typeof module === "undefined") window.EcgFloat = api;
  else module.exports = api;  // for the tests, in Node
})();
