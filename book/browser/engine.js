"use strict";
/* The integer arithmetic of a released int8 network, in plain JavaScript.

   Its outputs are the very integers of LiteRT's reference kernels and of the C firmware (tests/ecgpredict/test_engine.py):
   weights and values are int8, sums int32, and a product with a real factor is one with a 31-bit integer and a shift
   (Jacob et al. 2018). Values are kept minus their zero point, so that padding is 0 and a mean is a plain sum.

   A network is { samples, input: { scale, zero }, output: { scale, zero }, layers: [{ operator, ... }] }; its
   numbers are one base64 string, first all int32, then all int8: see ecgpredict/browser.py, which writes both. A Model's
   network also has `leads`, the columns of a recording that it takes. */
(() => {
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const clip = (value, low, high) => (value < low ? low : value > high ? high : value);

  /* value * multiplier / 2^31, rounded to nearest, ties upwards: exact, in two halves of the multiplier. */
  function high(value, multiplier) {
    const upper = value * (multiplier >>> 16), lower = value * (multiplier & 65535) + 1073741824;
    return Math.floor((upper + Math.floor(lower / 65536)) / 32768);
  }

  /* value * multiplier * 2^(shift - 31), rounded twice as in convolutions and means. */
  function rescale(value, multiplier, shift) {
    if (shift >= 0) return high(value * 2 ** shift, multiplier);
    const product = high(value, multiplier), half = 1 << (-shift - 1);
    return (product + half - (product < 0 ? 1 : 0)) >> -shift;  // ties away from zero
  }

  /* The same, rounded once with ties upwards, as in fully connected layers. */
  function rescaleOnce(value, multiplier, shift) {
    const upper = value * (multiplier >>> 16) + Math.floor((value * (multiplier & 65535)) / 65536);
    return Math.floor((upper + 2 ** (14 - shift)) / 2 ** (15 - shift));
  }

  /* ---- operators: each updates the outputs that depend on the columns first to last of its input ---- */

  const OPERATORS = {
    convolution(layer, start, stop) {
      const { input, weights, inputs, outputs, stride, before, columns, to, sums } = layer;
      const count = layer.taps * inputs;
      const first = Math.max(0, Math.ceil((start + before - layer.taps + 1) / stride));
      const last = Math.min(columns, Math.floor((stop - 1 + before) / stride) + 1);
      for (let column = first; column < last; column++) {
        const from = column * stride * inputs, into = to.offset + column * outputs;
        for (let channel = 0, row = 0; channel < outputs; channel += 4, row += 4 * count) {
          dotProducts(input, from, weights, row, count, sums);
          const end = Math.min(4, outputs - channel);
          for (let k = 0; k < end; k++) to.values[into + channel + k] = requantized(layer, channel + k, sums[k]);
        }
      }
      return [first, last];
    },

    pool({ input, inputs, columns, to }, start, stop) {
      const first = start >> 1, last = Math.min(columns, ((stop - 1) >> 1) + 1);
      for (let at = first * inputs, column = first; column < last; column++)
        for (let channel = 0, pair = 2 * column * inputs; channel < inputs; channel++, at++, pair++)
          to.values[to.offset + at] = Math.max(input[pair], input[pair + inputs]);
      return [first, last];
    },

    mean({ input, inputs, length, multiplier, shift, zero, to }) {
      for (let channel = 0; channel < inputs; channel++) {
        let sum = 0;
        for (let column = 0; column < length; column++) sum += input[column * inputs + channel];
        to.values[to.offset + channel] = clip(rescale(sum, multiplier, shift), -128 - zero, 127 - zero);
      }
      return [0, 1];
    },

    linear({ input, inputs, outputs, weights, bias, multipliers, shifts, zero, to }) {
      for (let output = 0; output < outputs; output++) {
        let sum = bias[output];
        for (let i = 0; i < inputs; i++) sum += Math.imul(input[i], weights[output * inputs + i]);
        const value = rescaleOnce(sum, multipliers[output], shifts[output]);
        to.values[to.offset + output] = clip(value, -128 - zero, 127 - zero);
      }
      return [0, 1];
    },

    logistic({ input, inputs, table, source, to }) {
      for (let i = 0; i < inputs; i++) to.values[i] = table[input[i] + source + 128];
      return [0, 1];
    },
  };

  /* Four neighbouring rows of weights times the values from one place on. */
  function dotProducts(input, from, weights, row, count, sums) {
    let a = 0, b = 0, c = 0, d = 0, one = row, two = one + count, three = two + count, four = three + count;
    for (let at = from, end = from + count; at < end; at++) {
      const x = input[at];
      a = (a + Math.imul(x, weights[one++])) | 0;
      b = (b + Math.imul(x, weights[two++])) | 0;
      c = (c + Math.imul(x, weights[three++])) | 0;
      d = (d + Math.imul(x, weights[four++])) | 0;
    }
    sums[0] = a; sums[1] = b; sums[2] = c; sums[3] = d;
  }

  function requantized({ bias, multipliers, shifts, zero, lowest }, channel, sum) {
    return clip(rescale((sum + bias[channel]) | 0, multipliers[channel], shifts[channel]), lowest - zero, 127 - zero);
  }

  /* ---- the network ---- */

  /* Consecutive numbers of a type from `bytes`, which begin with `ints` int32. */
  function numbers(bytes, ints) {
    let word = 0, byte = 4 * ints;
    return {
      int32: (count) => new Int32Array(bytes.buffer, 4 * word, (word += count, count)),
      int8: (count) => new Int8Array(bytes.buffer, byte, (byte += count, count)),
    };
  }

  class Network {
    constructor(description, content) {
      const take = numbers(bytesOf(content), description.ints);
      this.description = description;
      this.layers = description.layers.map((layer) => prepared(layer, take));
      this.outputs = new Int8Array(this.layers[this.layers.length - 1].inputs);
      this.layers.forEach((layer, i) => {
        const next = this.layers[i + 1];
        layer.to = next ? { values: next.input, offset: (next.before || 0) * next.inputs } : { values: this.outputs, offset: 0 };
      });
    }

    /* The outputs, after samples start to stop of the input changed. */
    update(start, stop) {
      let range = [start, stop];
      for (const layer of this.layers) range = OPERATORS[layer.operator](layer, ...range);
      return this.outputs;
    }

    /* int8 (samples x leads), one sample after the other -> int8 outputs. */
    run(values) {
      const { input } = this.layers[0], { zero } = this.description.input;
      for (let i = 0; i < input.length; i++) input[i] = values[i] - zero;
      return this.update(0, this.description.samples);
    }

    /* A copy of all values, from which `restore` continues. */
    copy() { return this.layers.map((layer) => layer.input.slice()); }

    restore(copy) { this.layers.forEach((layer, i) => layer.input.set(copy[i])); }
  }

  function prepared(layer, take) {
    if (!(layer.operator in OPERATORS)) throw new Error(`no operator ${layer.operator}`);
    const { inputs, outputs, taps = 1, length, before = 0, after = 0 } = layer;
    const made = { ...layer, input: new Int16Array((before + length + after) * inputs) };
    if (layer.operator === "logistic") made.table = take.int8(256);
    if (!outputs) return made;
    [made.bias, made.multipliers] = [take.int32(outputs), take.int32(outputs)];
    made.shifts = take.int8(outputs);
    made.weights = new Int8Array(Math.ceil(outputs / 4) * 4 * taps * inputs);  // whole groups of four
    made.weights.set(take.int8(outputs * taps * inputs));
    made.sums = new Int32Array(4);
    return made;
  }

  /* ---- millivolts to probabilities ---- */

  const { fround } = Math;

  function roundHalfEven(value) {
    const below = Math.floor(value), rest = value - below;
    return rest > 0.5 || (rest === 0.5 && below % 2) ? below + 1 : below;
  }

  class Model {
    /* model: what ecgpredict/browser.py writes */
    constructor({ entry, network, content }) {
      this.entry = entry;
      this.network = new Network(network, content);
      this.leads = network.leads;  // of the twelve
      const { scale, zero } = network.output;
      this.table = Float64Array.from({ length: 256 }, (_, i) => {
        const raw = Math.min(1 - 1e-6, Math.max(1e-6, fround(fround(i - 128 - zero) * fround(scale))));
        return 1 / (1 + (1 / raw - 1) ** (1 / entry.temperature));
      });
    }

    /* mV -> int8, in single precision as in ecgpredict */
    quantize(millivolts) {
      const { scale, zero } = this.network.description.input, { entry } = this;
      const normal = fround(fround(fround(millivolts) - fround(entry.mean)) / fround(entry.scale));
      return clip(roundHalfEven(fround(normal / fround(scale))) + zero, -128, 127);
    }

    /* Columns in mV, in the order of the twelve leads -> int8 outputs. */
    outputs(columns) {
      const { leads } = this, values = new Int8Array(columns[0].length * leads.length);
      leads.forEach((lead, at) => columns[lead].forEach((value, i) => { values[i * leads.length + at] = this.quantize(value); }));
      return this.network.run(values);
    }

    /* The same columns -> calibrated probabilities. */
    probabilities(columns) { return this.calibrated(this.outputs(columns)); }

    /* The same after samples `start` on of a lead that the model takes became `values`; `copy` is that of the whole recording. */
    probabilitiesWith(copy, lead, start, values) {
      const { network } = this, { input, inputs } = network.layers[0], at = this.leads.indexOf(lead);
      network.restore(copy);
      values.forEach((value, i) => {
        input[(start + i) * inputs + at] = this.quantize(value) - network.description.input.zero;
      });
      return this.calibrated(network.update(start, start + values.length));
    }

    calibrated(outputs) { return Array.from(outputs, (value) => this.table[value + 128]); }
  }

  const api = { Model, Network };
  if (typeof module === "undefined") window.EcgEngine = api;
  else module.exports = api;  // for the tests, in Node
})();
