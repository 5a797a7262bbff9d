"use strict";
/* What the pages share: the superclasses in plain words, the examples, and how a page begins. */
(() => {
  const LEADS = 12;
  const MEANINGS = {
    NORM: ["normal", "A healthy ECG"],
    MI: ["heart attack", "Myocardial infarction, new or old: heart muscle died for lack of blood"],
    STTC: ["ST/T change", "The heart muscle recovers differently after a beat, for example since it lacks blood"],
    CD: ["conduction disturbance", "The electrical impulse is slow or takes a detour"],
    HYP: ["hypertrophy", "The heart muscle is thickened"],
  };

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  /* Twelve columns in mV of an example, which is stored as compressed differences of int16 microvolts. */
  async function columnsOf(example) {
    const bytes = Uint8Array.from(atob(example.content), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const steps = new Int16Array(await new Response(stream).arrayBuffer()), samples = steps.length / LEADS;
    return Array.from({ length: LEADS }, (_, lead) => {
      let value = 0;
      return Float64Array.from(steps.subarray(lead * samples, (lead + 1) * samples), (step) => (value += step) / 1000);
    });
  }

  /* A superclass with its probability and a mark on the same scale. */
  function bar(name, probability, mark, found = false) {
    const fill = element("span", { className: "ecg-fill" }), line = element("span", { className: "ecg-threshold" });
    fill.style.width = `${100 * (probability ?? 0)}%`;
    line.style.left = `${100 * mark}%`;
    const [word, meaning] = MEANINGS[name];
    return element("li", { className: found ? "ecg-yes" : "", title: meaning },
      element("span", { className: "ecg-name" }, element("abbr", { title: meaning }, name), ` ${word}`),
      element("span", { className: "ecg-track" }, fill, line),
      element("span", { className: "ecg-value" }, probability === null ? "" : `${probability.toFixed(2)}${found ? " found" : ""}`));
  }

  /* Calls `redraw` when the width of an element or the page's theme changes, unless it is hidden, as on paper. */
  function whenLookChanges(root, redraw) {
    let width = 0;
    const draw = () => { if (root.clientWidth) redraw(); };
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - width) > 1) { width = contentRect.width; draw(); }
    }).observe(root);
    new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  function eachRoot(selector, start) {
    const startAll = () => document.querySelectorAll(selector).forEach(start);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", startAll);
    else startAll();
  }

  window.EcgPage = { MEANINGS, element, columnsOf, bar, whenLookChanges, eachRoot };
})();
