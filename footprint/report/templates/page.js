"use strict";
// What a reader can do with a page: choose rule sets, sort and filter tables, hover for values, print what is folded.
// Everything is there without this file; it only arranges what the page says already.
(() => {
  const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, PiB: 2 ** 50, EiB: 2 ** 60 };
  const MANY = 8; // rows from which on a table is worth filtering
  const SPACES = /[\s\u202f\u00a0]/g;

  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // The number that a cell shows, in bytes where it has a unit; null where it shows none.
  const number = (text) => {
    const plain = text.trim().replace(/−/g, "-").replace(/^[+±]/, "");
    const hex = plain.match(/^0x[0-9a-f\s\u202f]+$/i);
    if (hex) return Number(plain.replace(SPACES, ""));
    const parts = plain.match(/^(-?[\d\s\u202f\u00a0]*\.?\d+(?:e[+-]?\d+)?)[\s\u202f\u00a0]*([KMGTPE]?i?B|s|%)?(?![\w.])/i);
    return parts ? Number(parts[1].replace(SPACES, "")) * (UNITS[parts[2]] ?? 1) : null;
  };

  // Numbers before words, in the order of their sizes; words in the order of the alphabet.
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (x !== null && y !== null) return x - y;
    if (x === null && y === null) return a.localeCompare(b, "en", { numeric: true });
    return x === null ? 1 : -1;
  };

  // On a phone each row is a card, whose cells say what they are; long texts take a line of their own.
  const cards = (table) => {
    const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
    if (heads.length < 3) return;
    table.classList.add("cards");
    for (const row of table.tBodies[0].rows)
      for (const [column, cell] of [...row.cells].entries()) {
        cell.dataset.label = heads[column];
        cell.classList.toggle("words", column > 0 && cell.textContent.length > 24);
      }
  };

  const textOf = (row, column) => row.cells[column]?.textContent ?? "";

  const sortable = (table) => {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", className: "sort", title: "Sort by this column" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const order = head.getAttribute("aria-sort");
        const next = order === "ascending" ? "descending" : order === "descending" ? null : "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (next) head.setAttribute("aria-sort", next);
        const rows = [...original];
        if (next) rows.sort((a, b) => compare(textOf(a, column), textOf(b, column)) * (next === "ascending" ? 1 : -1));
        body.append(...rows);
      });
    });
  };

  const filterable = (table) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < MANY) return;
    const input = make("input", { type: "search", className: "filter", placeholder: "filter rows" });
    input.setAttribute("aria-label", `Filter the rows of: ${table.caption?.textContent ?? "the table"}`);
    const left = make("output", { className: "left" });
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        const fits = wanted.every((word) => text.includes(word));
        row.classList.toggle("filtered", !fits);
        shown += fits;
      });
      left.textContent = wanted.length ? `${shown} of ${rows.length} rows` : "";
    });
    table.parentElement.before(make("div", { className: "filters" }, input, left));
  };

  // Rule sets are told by name: a row by its first cell, a column by its head, a picture's parts by data-runs.
  const chooser = (fieldset) => {
    const article = fieldset.closest("article");
    const header = document.querySelectorAll("article").length === 1 ? document.querySelector("header.page") : article;
    const boxes = [...fieldset.querySelectorAll("input")];
    const names = new Set(boxes.map((box) => box.value));
    const places = [article, header];
    const apply = () => {
      const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      const isOut = (own) => own.length > 0 && !own.some((name) => chosen.has(name));
      const each = (selector, act) => places.forEach((place) => place.querySelectorAll(selector).forEach(act));
      each("[data-runs]", (element) => element.classList.toggle("unchosen", isOut(JSON.parse(element.dataset.runs))));
      each("table", (table) => {
        const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
        for (const row of table.tBodies[0].rows) {
          const own = [...row.cells].slice(0, 2).map((cell) => cell.textContent).filter((text) => names.has(text));
          row.classList.toggle("unchosen", isOut(own));
        }
        heads.forEach((head, column) => {
          if (!names.has(head)) return;
          for (const row of table.rows) row.cells[column]?.classList.toggle("unchosen", !chosen.has(head));
        });
      });
    };
    boxes.forEach((box) => box.addEventListener("change", apply));
    fieldset.querySelector(".all").addEventListener("click", () => {
      const all = boxes.every((box) => box.checked);
      boxes.forEach((box) => (box.checked = !all));
      apply();
    });
    fieldset.hidden = false;
  };

  // The title of whatever is under the pointer, at once and beside it; the browser's own comes late or never.
  const tips = () => {
    const tip = make("div", { className: "tip", hidden: true });
    tip.setAttribute("role", "status");
    document.body.append(tip);
    const wordsOf = (target) => {
      const group = target.closest?.("g");
      const title = group?.querySelector(":scope > title");
      return title ? title.textContent : (target.closest?.("a.term")?.dataset.tip ?? "");
    };
    const place = (x, y) => {
      tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${Math.max(4, y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 10 : y + 18)}px`;
    };
    const show = (words, x, y) => {
      tip.hidden = !words;
      if (!words) return;
      tip.textContent = words;
      place(x, y);
    };
    document.querySelectorAll("a.term").forEach((term) => {
      term.dataset.tip = term.title;
      term.setAttribute("aria-description", term.title);
      term.removeAttribute("title");
    });
    document.addEventListener("pointermove", (event) => show(wordsOf(event.target), event.clientX, event.clientY));
    document.addEventListener("focusin", (event) => {
      const box = event.target.getBoundingClientRect();
      show(wordsOf(event.target), box.left, box.bottom - 10);
    });
    document.addEventListener("focusout", () => (tip.hidden = true));
    document.addEventListener("keydown", (event) => event.key === "Escape" && (tip.hidden = true));
  };

  // A link to something folded opens it; paper shows all that is folded.
  const folds = () => {
    const openTarget = () => {
      const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const fold = target && target.closest("details");
      if (!fold || fold.open) return;
      fold.open = true;
      target.scrollIntoView();
    };
    addEventListener("hashchange", openTarget);
    document.addEventListener("click", (event) => event.target.closest?.("a[href^='#']") && setTimeout(openTarget));
    openTarget();
    let closed = [];
    addEventListener("beforeprint", () => {
      closed = [...document.querySelectorAll("details:not([open])")];
      closed.forEach((fold) => (fold.open = true));
    });
    addEventListener("afterprint", () => closed.forEach((fold) => (fold.open = false)));
  };

  // What a picture shows, to take away, where the page does not carry it already: the tables behind it, else its tips.
  const plainCell = (text) => (/^-?[\d\s\u202f\u00a0]+$/.test(text) ? text.replace(SPACES, "") : text.trim());
  const tableData = (table) => ({
    name: table.caption?.textContent ?? "table",
    columns: [...table.tHead.rows[0].cells].map((cell) => cell.textContent),
    rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => plainCell(cell.textContent))),
  });
  const tipData = (figure) => {
    const name = figure.querySelector("figcaption")?.firstChild?.textContent ?? "picture";
    const drawn = figure.querySelector(".broad svg, svg");
    const parts = ({ textContent: tip }) => {
      const at = tip.indexOf(": ");
      return at < 0 ? [tip, ""] : [tip.slice(0, at), tip.slice(at + 2)];
    };
    return { name, columns: ["what", "shown"], rows: [...(drawn?.querySelectorAll("g > title") ?? [])].map(parts) };
  };
  const asCsv = ({ columns, rows }) =>
    [columns, ...rows]
      .map((row) => row.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(","))
      .join("\n") + "\n";
  const asJson = ({ columns, rows }) => JSON.stringify({ columns, rows });

  const takeAway = (exhibit) => {
    const figures = [...exhibit.querySelectorAll("figure")];
    if (!figures.length || exhibit.querySelector(".data")) return;
    const tables = [...exhibit.querySelectorAll("table")];
    const sources = tables.length ? tables.map((table) => () => tableData(table)) : figures.map((figure) => () => tipData(figure));
    const line = make("p", { className: "data" }, "Data: ");
    for (const source of sources) {
      const { name, rows } = source();
      if (!rows.length) continue;
      if (sources.length > 1) line.append(`${name}: `);
      for (const [kind, type, write] of [["CSV", "text/csv", asCsv], ["JSON", "application/json", asJson]]) {
        const file = `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60)}.${kind.toLowerCase()}`;
        const link = make("a", { href: "#", download: file }, kind, make("span", { className: "unseen" }, ` of ${name}`));
        link.addEventListener("click", () => {
          link.href = `data:${type};charset=utf-8,${encodeURIComponent(write(source()))}`;
        });
        line.append(link, " ");
      }
    }
    if (line.childElementCount) exhibit.querySelector(".pictures").after(line);
  };

  document.querySelectorAll("header.page, main .exhibit").forEach(takeAway);
  document.querySelectorAll("main table").forEach((table) => {
    cards(table);
    sortable(table);
    filterable(table);
  });
  document.querySelectorAll(".chooser").forEach(chooser);
  tips();
  folds();
})();
