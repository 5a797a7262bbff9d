"use strict";
/* Classifies an ECG in the reader's own browser. Nothing is sent anywhere.

   Fills each <div class="ecg-classifier">: with data-compact, an example in place with its bars; without, all examples and
   the reader's own files. Uses window.ECG_MODEL and window.ECG_EXAMPLES (ecgpredict/browser.py) and the other scripts. A
   recording takes the first of ECG_MODEL.models whose leads it has; all but the default are loaded when they are needed. */
(() => {
  const { LEADS, RATE, InputError, validate, read } = window.EcgRecordings;
  const { windows } = window.EcgResampling;
  const { MEANINGS, element, columnsOf, bar, whenLookChanges, eachRoot } = window.EcgPage;
  const { entry, models, statements } = window.ECG_MODEL;
  const DISCLAIMER = '<p class="ecg-small">The mark on a bar is its threshold; what reaches it is a finding. <strong>Not a medical device.</strong></p>';
  const RESULT = '<ul data-part="bars" class="ecg-bars" aria-label="Probabilities"></ul>';
  const FULL = `
    <fieldset data-part="example-box"><legend>Six patients</legend><div data-part="examples" class="ecg-buttons"></div></fieldset>
    <fieldset data-part="file-box"><legend>Your own recording</legend>
      <label>WFDB (choose .hea and .dat together) or CSV
        <input data-part="files" type="file" multiple accept=".hea,.dat,.mat,.csv,.txt"></label>
      <label>Unit of a CSV file
        <select data-part="units"><option>mV</option><option>µV</option><option>V</option></select></label>
    </fieldset>
    <p data-part="status" class="ecg-status" role="status" aria-live="polite">Choose a patient or a file.</p>
    <div data-part="result" class="ecg-result" hidden>
      <p data-part="title" class="ecg-title"></p>
      <p data-part="note"></p>
      <ul data-part="warnings" class="ecg-warnings" aria-label="Warnings"></ul>
      ${RESULT}${DISCLAIMER}
      <p><button type="button" data-part="ask" hidden>Name its statements, too</button></p>
      <dl data-part="statements"></dl>
      <p><button type="button" data-part="map" aria-pressed="false"></button>
        <label data-part="choice" class="ecg-choice" hidden>for <select data-part="superclass"></select></label></p>
      <p data-part="legend" hidden><span class="ecg-key ecg-for"></span> Orange speaks for it: with a straight line in place of this
        second of this lead, the probability falls. <span class="ecg-key ecg-against"></span> Blue speaks against it.
        <span data-part="limits"></span></p>
      <div class="ecg-paper"><canvas data-part="paper" role="img"></canvas></div>
      <p data-part="scale" class="ecg-small">25 mm a second, 10 mm a millivolt; the step on the left is 1 mV. Leads I to aVF look at the heart from the
        arms and the left leg, V1 to V6 from the chest.</p>
    </div>`;
  const COMPACT = `
    <p data-part="title" class="ecg-title"></p>
    <div class="ecg-paper"><canvas data-part="paper" role="img"></canvas></div>
    <p class="ecg-buttons"><button type="button" data-part="classify" class="ecg-main">Classify this ECG</button>
      <button type="button" data-part="next">Another patient</button></p>
    <div data-part="result">${RESULT}</div>
    <p data-part="status" class="ecg-status" role="status" aria-live="polite"></p>${DISCLAIMER}
    <p class="ecg-small">Recordings: PTB-XL, CC BY 4.0.</p>`;

  const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));

  /* A model's probabilities, averaged over windows. */
  function average(model, parts) {
    const scores = parts.map((part) => model.probabilities(part));
    return model.entry.classes.map((_, i) => scores.reduce((sum, score) => sum + score[i], 0) / parts.length);
  }

  /* The model of a script in this folder, which sets window's `name` and is loaded when it is asked for. */
  const HERE = document.currentScript.src, opened = {};
  const load = (file, name) => (opened[file] ||= new Promise((resolve, reject) => document.head.append(element("script", {
    src: new URL(file, HERE).href,
    onload: () => resolve(new EcgEngine.Model(window[name])),
    onerror: () => { delete opened[file]; reject(new Error(`${file} was not loaded`)); },
  }))));

  const hasLeads = (signal, leads) => leads.every((lead) => signal[lead]);

  async function modelFor(signal) {
    const { name } = models.find(({ leads }) => hasLeads(signal, leads));
    if (name === entry.name) return (opened[name] ||= new EcgEngine.Model(window.ECG_MODEL));
    return load(`model_${name}.js`, "ECG_VARIANT");
  }

  /* A recording's probabilities, its windows and the model. */
  async function classify(recording) {
    const model = await modelFor(recording.signal), start = performance.now();
    const parts = windows(recording), probabilities = average(model, parts);
    return { model, probabilities, parts, milliseconds: performance.now() - start };
  }

  /* Statements at or above their thresholds, by group, and the three most probable of those that have none. */
  function named({ entry: { classes, thresholds } }, probabilities) {
    const groups = {}, others = [], word = ({ name, probability }) => `${name} ${probability.toFixed(2)}`;
    for (const { code, group, name } of window.ECG_STATEMENTS.table) {
      const i = classes.indexOf(`SCP ${code}`), one = { name, probability: probabilities[i] };
      if (i < 0) continue;
      if (thresholds[i] === null) others.push(one);
      else if (one.probability >= thresholds[i] - 1e-9) (groups[group] ||= []).push(one);
    }
    others.sort((a, b) => b.probability - a.probability);
    if (others.length) groups["no threshold, probability only"] = others.slice(0, 3);
    return Object.entries(groups).flatMap(([group, ones]) =>
      [element("dt", {}, group), element("dd", {}, ones.map(word).join("; "))]);
  }

  const isFound = (probability, threshold) => probability >= threshold - 1e-9;
  const words = (names) => entry.classes.filter((name) => names.includes(name))
    .map((name) => `${MEANINGS[name][0]} (${name})`).join(" and ") || "no finding";

  const patient = ({ name, ecg_id, age, sex }) =>
    `${name}: PTB-XL record ${ecg_id}, ${sex === "female" ? "a woman" : "a man"} of ${age}`;

  /* The cardiologist's label beside the model's findings. */
  function verdict({ statements, superclasses, note }, probabilities) {
    const found = entry.classes.filter((_, i) => isFound(probabilities[i], entry.thresholds[i]));
    const wrong = words(found) !== words(superclasses);
    return `Cardiologist: ${statements.join("; ")}, that is ${words(superclasses)}. Model: ${words(found)}` +
      `${wrong ? ", a mistake" : ""}. ${note}`;
  }

  /* What both variants share: parts by name, the status, the bars, what a result leaves for tests to read. */
  function widget(root, content) {
    root.innerHTML = content;
    const part = (name) => root.querySelector(`[data-part="${name}"]`), status = part("status");
    const self = {
      part,
      redraw: () => {},
      say: (text, wrong) => { status.textContent = text; status.classList.toggle("ecg-wrong", Boolean(wrong)); },
      bars: (probabilities, { classes, thresholds } = entry) => part("bars").replaceChildren(...classes.map((name, i) =>
        probabilities ? bar(name, probabilities[i], thresholds[i], isFound(probabilities[i], thresholds[i]))
          : bar(name, null, thresholds[i]))),
      finish: ({ model, probabilities, milliseconds }) => {
        root.dataset.model = model.entry.name;
        root.dataset.probabilities = JSON.stringify(probabilities);
        root.dataset.milliseconds = milliseconds.toFixed(1);
        root.dataset.state = "done";
      },
    };
    whenLookChanges(root, () => self.redraw());
    root.dataset.state = "ready";
    return self;
  }

  function startCompact(root) {
    const self = widget(root, COMPACT), { part } = self;
    let number = -1, columns = null;
    async function next() {
      number = (number + 1) % window.ECG_EXAMPLES.length;
      const example = window.ECG_EXAMPLES[number];
      columns = await columnsOf(example);
      delete root.dataset.probabilities;
      root.dataset.state = "ready";
      part("title").textContent = patient({ ...example, name: `Patient ${number + 1} of ${window.ECG_EXAMPLES.length}` });
      part("paper").setAttribute("aria-label", `Leads II, V2 and V5 of ${part("title").textContent}`);
      self.bars(null);
      self.say("");
      self.redraw();
    }
    self.redraw = () => columns && EcgDrawing.strip(part("paper"), columns);
    part("next").addEventListener("click", next);
    part("classify").addEventListener("click", async () => {
      const result = await classify({ signal: columns, rate: RATE });
      self.bars(result.probabilities);
      self.say(verdict(window.ECG_EXAMPLES[number], result.probabilities));
      self.finish(result);
    });
    next();
  }

  function start(root) {
    const self = widget(root, FULL), { part, say } = self;
    const button = part("map"), superclass = part("superclass");
    let current = null;  // what is shown: its model, windows, name and, once computed, its map
    let turn = 0;

    async function show(box, get) {
      const own = ++turn;
      root.dataset.state = "busy";
      box.append(part("status"));  // beside what was clicked
      say("Classifying …");
      await painted();
      try {
        const { recording, example } = await get(), result = await classify(recording), { model } = result;
        if (own !== turn) return;  // another recording was chosen in the meantime
        current = { model, name: recording.name, columns: result.parts[0], parts: result.parts, map: null };
        part("ask").hidden = !statements || !hasLeads(recording.signal, statements);
        part("statements").replaceChildren();
        delete root.dataset.map;
        part("title").textContent = example ? patient(example) : recording.name;
        part("note").textContent = example ? verdict(example, result.probabilities) : "";
        const warnings = [model.entry.cost, ...recording.warnings].filter(Boolean);
        part("warnings").replaceChildren(...warnings.map((text) => element("li", {}, text)));
        const above = result.probabilities.map((probability, i) => probability - model.entry.thresholds[i]);
        superclass.selectedIndex = above.indexOf(Math.max(...above));
        button.setAttribute("aria-pressed", "false");
        self.bars(result.probabilities, model.entry);
        part("result").hidden = false;
        self.redraw();
        const pieces = result.parts.length > 1 ? `, ${result.parts.length} windows of ten seconds, averaged` : "";
        say(`Done by ${model.entry.name} in ${result.milliseconds.toFixed(0)} ms${pieces}. The result is below.`);
        reveal(part("result"));
        self.finish(result);
      } catch (error) {
        if (own !== turn) return;
        part("result").hidden = true;
        delete root.dataset.probabilities;
        say(error instanceof InputError ? error.message : `This did not work: ${error.message || error}`, true);
        root.dataset.state = "wrong";
      }
    }

    self.redraw = () => {
      if (!current) return;
      const pressed = button.getAttribute("aria-pressed") === "true", canvas = part("paper");
      button.textContent = pressed ? "Show the ECG on paper" : "Show what the model reacted to";
      part("legend").hidden = part("choice").hidden = !pressed;
      part("scale").hidden = pressed;
      if (!pressed) {
        EcgDrawing.paper(canvas, current.columns);
        const drawn = LEADS.filter((_, lead) => current.columns[lead]);
        const leads = drawn.length < LEADS.length ? `The leads ${drawn.join(" ")}` : "The twelve leads";
        canvas.setAttribute("aria-label", `${leads} of ${current.name} on ECG paper`);
        return;
      }
      const values = current.map[superclass.selectedIndex], limit = EcgOcclusion.limitOf(values);
      EcgDrawing.map(canvas, current.columns, current.model.leads, values, limit);
      canvas.setAttribute("aria-label", `What each second of each lead of ${current.name} adds to ${superclass.value}`);
      part("limits").textContent = values.flat().some(Boolean)
        ? `Full color is a change of ${limit.toFixed(2)}.` : "No second of one lead alone changes this probability.";
    };

    button.addEventListener("click", async () => {
      const shown = current;
      button.disabled = true;
      try {
        shown.map ||= await EcgOcclusion.map(shown.model, shown.columns);
        if (shown !== current) return;  // another recording was chosen in the meantime
        button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
        root.dataset.map = JSON.stringify(shown.map);
        self.redraw();
      } finally {
        button.disabled = false;
      }
    });
    part("ask").addEventListener("click", async () => {
      const shown = current;
      part("ask").disabled = true;
      try {
        const model = await load("statements.js", "ECG_STATEMENTS"), rows = named(model, average(model, shown.parts));
        if (shown === current) part("statements").replaceChildren(...rows);
      } catch (error) {
        say(error.message, true);
      } finally {
        part("ask").disabled = false;
      }
    });
    superclass.append(...entry.classes.map((name) => new Option(`${name}, ${MEANINGS[name][0]}`, name)));
    superclass.addEventListener("change", self.redraw);
    part("examples").append(...window.ECG_EXAMPLES.map((example) => {
      const one = element("button", { type: "button" }, example.name);
      one.addEventListener("click", () => show(part("example-box"), async () =>
        ({ recording: validate(example.name, await columnsOf(example), RATE), example })));
      return one;
    }));
    part("files").addEventListener("change", (event) => {
      const { files } = event.target;
      const taken = models.map(({ leads }) => leads);
      if (files.length) show(part("file-box"), async () => ({ recording: await read(files, part("units").value, taken) }));
    });
  }

  /* Scrolls only if the result begins outside the upper half of the screen. */
  function reveal(result) {
    const { top } = result.getBoundingClientRect();
    if (top > 0 && top < window.innerHeight / 2) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    result.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
  }

  eachRoot(".ecg-classifier", (root) => ("compact" in root.dataset ? startCompact : start)(root));
})();
