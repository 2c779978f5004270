"use strict";
(() => {
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const keyOf = (row, index) => {
    const cell = row.cells[index];
    return cell.dataset.key || cell.textContent.trim();
  };

  // What has no key comes last, whichever way is sorted; equals stay in the order they are in.
  const compare = (isNumber, direction) => ([one], [other]) => {
    if (one === "" || other === "") return (one === "") - (other === "");
    return direction * (isNumber ? Number(one) - Number(other) : collator.compare(one, other));
  };

  const sort = (table, head) => {
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    const body = table.tBodies[0];
    const isNumber = head.hasAttribute("data-number");
    const rows = [...body.rows].map((row) => [isNumber ? row.cells[head.cellIndex].dataset.key : keyOf(row, head.cellIndex), row]);
    body.append(...rows.sort(compare(isNumber, direction)).map(([, row]) => row));
  };

  for (const table of document.querySelectorAll("table[data-table]")) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head));
      head.append(button);
    }
  }

  for (const search of document.querySelectorAll("input[data-search]")) {
    const name = search.dataset.search;
    const body = document.getElementById(name).tBodies[0];
    const choice = document.querySelector(`select[data-filter="${name}"]`);
    const found = document.querySelector(`output[data-found="${name}"]`);
    const unfold = document.querySelector(`button[data-unfold="${name}"]`);
    const texts = new Map();

    const textOf = (row) => {
      if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
      return texts.get(row);
    };
    const show = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const state = choice ? choice.value : "";
      let shown = 0;
      for (const row of body.rows) {
        const isShown = (!state || row.dataset.state === state) && words.every((word) => textOf(row).includes(word));
        row.hidden = !isShown;
        shown += isShown;
      }
      found.textContent = `${shown} of ${body.rows.length}`;
    };
    search.addEventListener("input", show);
    if (choice) choice.addEventListener("change", show);
    unfold.addEventListener("click", () => {
      const isOpen = unfold.getAttribute("aria-pressed") !== "true";
      unfold.setAttribute("aria-pressed", String(isOpen));
      for (const one of body.querySelectorAll("details")) one.open = isOpen;
    });
    unfold.hidden = !body.querySelector("details");
    search.closest(".controls").hidden = false;
    // A browser that goes back keeps what was typed.
    show();
  }

  // On paper nothing can be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
})();
