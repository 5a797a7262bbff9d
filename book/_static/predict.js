// "Predict first": a reader clicks an answer, or none, before the result opens. What stays closed are the outputs that follow
// the question in its section, up to the first sentence about them; without this script, and on paper, all are open.
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".admonition.predict")) {
    const results = [];
    for (let cell = box.nextElementSibling; cell; cell = cell.nextElementSibling) {
      if (!cell.matches(".cell:has(> .cell_output)")) continue;
      results.push(cell);
      if (cell.matches(".tag_remove-input")) break;
    }
    const said = Object.assign(document.createElement("p"), { className: "predict-said" });
    said.setAttribute("role", "status");
    const open = () => results.forEach((cell) => cell.removeAttribute("hidden"));
    const answers = box.querySelector("ul");
    answers.append(Object.assign(document.createElement("li"), { textContent: "just show me" }));
    for (const item of answers.children) {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.setAttribute("aria-pressed", "false");
      button.append(...(item.querySelector("p") ?? item).childNodes);
      item.replaceChildren(button);
      button.addEventListener("click", () => {
        for (const other of answers.querySelectorAll("button")) other.setAttribute("aria-pressed", other === button);
        said.textContent = item === answers.lastChild ? "It is open." : `You said: ${button.textContent}. Now compare.`;
        open();
      });
    }
    answers.after(said);
    for (const cell of results) {
      cell.setAttribute("hidden", "until-found"); // links into it and searching in the page open it
      cell.addEventListener("beforematch", open);
    }
  }
});
