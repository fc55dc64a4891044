(() => {
  "use strict";
  // A link to an attempt opens it, also where the browser does not by itself.
  const reveal = () => {
    const at = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!at) return;
    const shut = at.closest("details:not([open])");
    if (!shut) return;
    shut.open = true;
    at.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // The filter of the table; without a script a server does the same.
  const table = document.getElementById("rows");
  if (table) {
    const form = document.querySelector("form.filter");
    const rows = [...table.querySelectorAll("tbody tr")];
    const { find, outcome } = form.elements;
    const shown = form.querySelector("output");
    const apply = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let n = 0;
      for (const row of rows) {
        const hit = (!outcome.value || row.dataset.outcome === outcome.value) && words.every((w) => row.dataset.find.includes(w));
        row.hidden = !hit;
        n += hit;
      }
      shown.textContent = n === rows.length ? "" : `${n} of ${rows.length} shown`;
      if (location.protocol === "file:") return;
      // The address is the choice, so that it can be sent to somebody.
      const to = new URL(location);
      for (const field of [find, outcome]) {
        if (field.value) to.searchParams.set(field.name, field.value);
        else to.searchParams.delete(field.name);
      }
      history.replaceState(null, "", to);
    };
    const ask = new URLSearchParams(location.search);
    find.value = ask.get("find") ?? find.value;
    outcome.value = ask.get("outcome") ?? outcome.value;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (e) => { e.preventDefault(); apply(); });
    form.classList.add("live");
    addEventListener("keydown", (e) => {
      if (e.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "")) {
        e.preventDefault();
        find.focus();
      }
    });
    apply();
  }

  // What a person has to look at is printed whole.
  addEventListener("beforeprint", () => {
    for (const d of document.querySelectorAll("details.attempt:not(.o-passed)")) d.open = true;
  });
})();
