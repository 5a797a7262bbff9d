"use strict";
/* Recordings at any sampling rate -> windows of ten seconds at 100 Hz, as ecgpredict.recordings.resampling makes
   them: the filter of PTB-XL's 100 Hz files, by the steps of scipy.signal.resample_poly with padtype "line". */
(() => {
  const RATE = 100, N_SAMPLES = 1000;
  const CUTOFF_HZ = 44.58, HALF_LENGTH_S = 0.2, BETA = 5.8, DELAY_S = 1 / 800;

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

  function lowPass(rate) {
    const half = Math.ceil(HALF_LENGTH_S * rate), taps = new Float64Array(2 * half + 1);
    let sum = 0;
    for (let i = 0; i <= 2 * half; i++) {
      const t = (i - half) / rate + DELAY_S, inside = 1 - (t / HALF_LENGTH_S) ** 2, x = 2 * Math.PI * CUTOFF_HZ * t;
      taps[i] = inside > 0 ? (x === 0 ? 1 : Math.sin(x) / x) * bessel0(BETA * Math.sqrt(inside)) : 0;
      sum += taps[i];
    }
    return taps.map((tap) => tap / sum);
  }

  function resample(column, up, down) {
    const taps = lowPass(RATE * down), half = (taps.length - 1) / 2;
    const n = column.length, first = column[0], slope = (column[n - 1] - first) / (n - 1);
    const at = (i) => (i < 0 || i >= n ? first + slope * i : column[i]);  // beyond its ends, a straight line
    const length = Math.ceil((n * up) / down), out = new Float64Array(length);
    for (let k = 0; k < length; k++) {
      const centre = k * down;  // among the up-sampled samples
      let value = 0;
      for (let i = Math.ceil((centre - half) / up); i <= Math.floor((centre + half) / up); i++)
        value += at(i) * taps[centre - i * up + half];
      out[k] = Math.round(value * up * 1000) / 1000;  // to 1 µV, as in the files
    }
    return out;
  }

  function windows({ signal, rate }) {
    let columns = signal;
    if (rate !== RATE) {
      const [up, down] = fraction(RATE / rate, 1000);
      columns = columns.map((column) => column && resample(column, up, down));
    }
    const { length } = columns.find(Boolean), whole = Math.floor(length / N_SAMPLES), rest = length % N_SAMPLES;
    const starts = Array.from({ length: whole }, (_, i) => i * N_SAMPLES);
    if (whole === 0) {
      columns = columns.map((column) => column && Float64Array.from({ length: N_SAMPLES }, (_, i) => column[Math.min(i, length - 1)]));
      starts.push(0);
    } else if (rest >= N_SAMPLES / 2) starts.push(length - N_SAMPLES);
    return starts.map((start) => columns.map((column) => column && column.slice(start, start + N_SAMPLES)));
  }

  const api = { windows };
  if (typeof module === "undefined") window.EcgResampling = api;
  else module.exports = api;  // for the tests, in Node
})();
