// A table that does not fit says that it goes on: its edge fades, and a line below it says "scroll", until its end is seen.
document.addEventListener("DOMContentLoaded", () => {
  for (const frame of document.querySelectorAll(".pst-scrollable-table-container")) {
    const hint = Object.assign(document.createElement("p"), { className: "table-hint", hidden: true });
    hint.textContent = document.documentElement.lang === "ko" ? "옆으로 밀어서 보기 →" : "scroll for more →";
    frame.after(hint);
    const update = () => {
      const more = frame.scrollWidth - frame.clientWidth - frame.scrollLeft > 4;
      frame.classList.toggle("has-more", more);
      hint.hidden = !more;
    };
    frame.addEventListener("scroll", update, { passive: true });
    new ResizeObserver(update).observe(frame);
  }
});
