"use strict";
/* Formulas as HTML by MathJax, when the book is built: reads [[TeX, whether on a line of its own]] as JSON from stdin and
   writes [style sheet, [HTML]]. Arguments: npm's node_modules, and the fonts' address as seen from the style sheet. */
const [modules, fontURL] = process.argv.slice(2);
const formulas = JSON.parse(require("fs").readFileSync(0, "utf8"));

function typeset({ startup, tex2chtml, tex2mml }, [tex, display]) {
  const { adaptor } = startup, container = tex2chtml(tex, { display }), spoken = tex2mml(tex, { display });
  if (spoken.includes("<merror")) throw new Error(`MathJax cannot read ${tex}`);
  adaptor.setAttribute(adaptor.firstChild(container), "aria-hidden", "true");  // read aloud is the MathML beside it
  if (display) adaptor.setAttribute(container, "tabindex", "0");  // a long formula scrolls by keyboard, too
  return adaptor.outerHTML(container)
    .replace("</mjx-container>", `<mjx-assistive-mml>${spoken.replace(/\n */g, "")}</mjx-assistive-mml></mjx-container>`);
}

require(`${modules}/mathjax/es5/node-main.js`)
  .init({ loader: { load: ["input/tex", "output/chtml"] }, chtml: { fontURL } })
  .then((MathJax) => {
    const html = formulas.map((formula) => typeset(MathJax, formula));
    console.log(JSON.stringify([MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet()), html]));
  })
  .catch((error) => { console.error(error.message); process.exit(1); });
