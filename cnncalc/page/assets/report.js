"use strict";

// One selection for each network: a layer in the table, the picture, the strips, the timeline and the text is the same
// thing. Everything from the spec goes into the page as text, never as markup.

const NAME = 0, OPERATION = 1, LINE = 2, INPUTS = 3, FIELD = 4, GROWS = 5, SAVED = 6;
const MANY = 60; // layers above which blocks are folded at first
const WRITTEN = 0, ROLE = 1, OUTPUT = 2, PARAMS = 3, MACS = 4, BYTES = 5, FIRST = 6, LAST = 7;

const make = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

// A number above 2^53 is handed over as a text; only its share is computed from a rounded value.
const whole = (value) =>
  typeof value === "number" ? value.toLocaleString("en-US") : value.replace(/\B(?=(\d{3})+$)/g, ",");

const bytes = (value) => {
  const count = Number(value);
  if (count < 1024) return `${count} B`;
  let power = 1;
  while (count >= 1000 * 1024 ** power && power < 5) power += 1;
  const amount = count / 1024 ** power;
  const digits = amount < 100 ? 1 : 0;
  const text = amount.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text} ${["KiB", "MiB", "GiB", "TiB", "PiB"][power - 1]}`;
};

class View {
  constructor(section, facts) {
    this.section = section;
    this.facts = facts;
    this.chosen = 0;
    this.folded = new Set(facts.rows.length > MANY ? Object.keys(facts.blocks) : []);
    this.rows = [];
    this.body = section.querySelector("tbody");
    this.detail = section.querySelector(".detail");
    this.filter = section.querySelector("input[type=search]");
    this.totals = [PARAMS, MACS, BYTES].map((which) => this.sum(facts.rows.map((row) => this.cost(row, which))));
    this.most = [PARAMS, MACS, BYTES].map((which) => Math.max(1, ...facts.rows.map((row) => this.cost(row, which))));
    this.makeRows();
    this.makeStrips();
    this.makeSpec();
    this.makeTimeline();
    this.linkPicture();
    this.listen();
    this.show();
    this.choose(1, false);
  }

  sum(numbers) { return numbers.reduce((total, number) => total + number, 0); }
  operation(row) { return this.facts.operations[row[OPERATION]]; }
  cost(row, which) { return Number(this.operation(row)[which]); }

  // ---- the table: a row for each layer, and one for each call of a block that it lies in

  makeRows() {
    const open = [];
    this.facts.rows.forEach((row, place) => {
      const blocks = [];
      row[NAME].split(".").slice(0, -1).forEach((part, depth, parts) => {
        const name = parts.slice(0, depth + 1).join(".");
        if (name in this.facts.blocks) blocks.push(name);
      });
      while (open.length && !blocks.includes(open[open.length - 1])) open.pop();
      for (const name of blocks) {
        if (open.includes(name)) continue;
        this.rows.push(this.blockRow(name, open.slice(), place + 1));
        open.push(name);
      }
      this.rows.push(this.layerRow(row, place + 1, open.slice()));
    });
    this.rows.forEach((row) => this.fillBlock(row));
  }

  layerRow(row, index, inside) {
    const operation = this.operation(row);
    const line = make("tr", undefined, { "data-layer": index });
    const name = make("td");
    const button = make("button", row[NAME], { type: "button", title: row[NAME] });
    name.style.paddingLeft = `${20 + 18 * inside.length}px`;
    name.append(button);
    line.append(make("td", String(index), { class: "number" }), name, make("td", operation[WRITTEN]), make("td", operation[OUTPUT]));
    [PARAMS, MACS, BYTES].forEach((which, place) => line.append(this.costCell(operation[which], which, place, operation[ROLE])));
    line.append(make("td", row[FIELD]));
    if (this.facts.saved) line.append(make("td", bytes(row[SAVED]), { class: "number" }));
    const text = `${row[NAME]} ${operation[WRITTEN]}`.toLowerCase();
    return { line, index, inside, text, button, short: inside.length ? row[NAME].slice(inside[inside.length - 1].length + 1) : row[NAME], name: row[NAME], keys: [index, row[NAME], operation[WRITTEN], operation[OUTPUT], this.cost(row, PARAMS), this.cost(row, MACS), this.cost(row, BYTES), row[FIELD], Number(row[SAVED])] };
  }

  costCell(value, which, place, role) {
    const cell = make("td", Number(value) || which === BYTES ? (which === BYTES ? bytes(value) : whole(value)) : "0", { class: "number" });
    if (which === BYTES) return cell;
    const track = make("span", undefined, { class: "track", "aria-hidden": "true" });
    const bar = make("span", undefined, { class: "bar" });
    bar.style.width = `${(64 * Number(value)) / this.most[place]}px`;
    bar.style.background = `var(--${role})`;
    track.append(bar);
    cell.append(track);
    return cell;
  }

  blockRow(name, inside, first) {
    const line = make("tr", undefined, { class: "block", "data-layer": first });
    const cell = make("td");
    const fold = make("button", "▾", { type: "button", class: "fold", "aria-expanded": "true", "aria-label": `fold ${name}` });
    cell.style.paddingLeft = `${18 * inside.length}px`;
    cell.append(fold, make("span", inside.length ? name.slice(inside[inside.length - 1].length + 1) : name, { title: name }));
    line.append(make("td", "", { class: "number" }), cell, make("td", this.facts.blocks[name]));
    fold.addEventListener("click", (event) => { event.stopPropagation(); this.toggle(name); });
    return { line, inside, block: name, first, fold, text: "" };
  }

  fillBlock(row) {
    if (!row.block) return;
    const within = this.facts.rows.filter((one) => one[NAME].startsWith(`${row.block}.`));
    const last = within[within.length - 1];
    row.line.append(make("td", this.operation(last)[OUTPUT]));
    [PARAMS, MACS, BYTES].forEach((which) => {
      const total = this.sum(within.map((one) => this.cost(one, which)));
      const cell = make("td", which === BYTES ? bytes(total) : whole(total), { class: "number" });
      if (which !== BYTES) cell.append(make("span", undefined, { class: "track" }));
      row.line.append(cell);
    });
    row.line.append(make("td", last[FIELD]));
    if (this.facts.saved) row.line.append(make("td", bytes(this.sum(within.map((one) => Number(one[SAVED])))), { class: "number" }));
  }

  toggle(name) {
    const folded = !this.folded.has(name);
    if (folded) this.folded.add(name); else this.folded.delete(name);
    this.show();
  }

  foldAll(folded) {
    this.folded = new Set(folded ? Object.keys(this.facts.blocks) : []);
    this.show();
  }

  show() {
    const wanted = this.filter.value.trim().toLowerCase();
    const flat = Boolean(wanted) || this.sorted !== undefined;
    let shown = this.rows.filter((row) => (flat ? !row.block && row.text.includes(wanted) : !row.inside.some((name) => this.folded.has(name))));
    if (this.sorted !== undefined) {
      const place = this.sorted, sign = this.downwards ? -1 : 1;
      shown = shown.slice().sort((one, other) => {
        const [a, b] = [one.keys[place], other.keys[place]];
        const order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
        return sign * order || one.index - other.index;
      });
    }
    for (const row of this.rows) {
      if (!row.block) continue;
      const folded = this.folded.has(row.block);
      row.fold.textContent = folded ? "▸" : "▾";
      row.fold.setAttribute("aria-expanded", String(!folded));
    }
    for (const row of this.rows) if (!row.block) row.button.textContent = flat ? row.name : row.short;
    this.body.replaceChildren(...shown.map((row) => row.line));
    this.section.querySelector(".shown").textContent = `${shown.length} of ${this.rows.length} rows`;
  }

  sort(place) {
    if (this.sorted === place && this.downwards === (place >= 4)) this.downwards = !this.downwards;
    else if (this.sorted === place) this.sorted = undefined;
    else { this.sorted = place; this.downwards = place >= 4; }
    this.section.querySelectorAll("thead th").forEach((head, at) => {
      head.setAttribute("aria-sort", at !== this.sorted ? "none" : this.downwards ? "descending" : "ascending");
    });
    this.show();
  }

  // ---- strips: what each layer takes of the whole

  makeStrips() {
    this.section.querySelectorAll(".strip").forEach((strip, place) => {
      const which = [PARAMS, MACS, BYTES][place], total = this.totals[place];
      this.facts.rows.forEach((row, at) => {
        const share = this.cost(row, which) / total;
        if (!total || share < 0.001) return;
        const part = make("span", undefined, { "data-layer": at + 1, title: `${row[NAME]}: ${(100 * share).toFixed(1)}%` });
        part.style.width = `${100 * share}%`;
        part.style.background = `var(--${this.operation(row)[ROLE]})`;
        strip.append(part);
      });
    });
  }

  // ---- the text of the spec

  makeSpec() {
    const first = new Map();
    this.facts.rows.forEach((row, place) => { if (!first.has(row[LINE])) first.set(row[LINE], place + 1); });
    const shown = this.section.querySelector(".spec");
    this.lines = this.facts.text.map((text, place) => {
      const line = make("div");
      line.append(make("i", String(place + 1), { "aria-hidden": "true" }), document.createTextNode(text));
      if (first.has(place + 1)) line.setAttribute("data-first", first.get(place + 1));
      return line;
    });
    shown.append(...this.lines);
  }

  // ---- the memory of a training step, moment by moment

  makeTimeline() {
    const place = this.section.querySelector(".timeline");
    if (!place) return;
    const moments = this.facts.timeline, most = Math.max(...moments.map((moment) => moment[2]));
    const space = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(space, "svg");
    drawing.setAttribute("viewBox", `0 0 ${moments.length} 100`);
    drawing.setAttribute("preserveAspectRatio", "none");
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", place.dataset.label);
    const area = document.createElementNS(space, "path");
    const steps = moments.map((moment, at) => `V${(100 - (96 * moment[2]) / most).toFixed(2)}H${at + 1}`);
    area.setAttribute("class", "area");
    area.setAttribute("d", `M0,100${steps.join("")}V100Z`);
    this.marks = document.createElementNS(space, "g");
    drawing.append(area, this.marks);
    drawing.addEventListener("click", (event) => {
      const box = drawing.getBoundingClientRect();
      const moment = moments[Math.min(moments.length - 1, Math.floor((moments.length * (event.clientX - box.left)) / box.width))];
      if (moment[1] > 0 && moment[1] <= this.facts.rows.length) this.choose(moment[1], true);
    });
    place.append(make("p", `0 to ${bytes(most)}; the chosen layer is orange`, { class: "quietly" }), drawing);
  }

  markTimeline() {
    if (!this.marks) return;
    const moments = this.facts.timeline, most = Math.max(...moments.map((moment) => moment[2]));
    this.marks.replaceChildren(...moments.flatMap((moment, at) => {
      if (moment[1] !== this.chosen) return [];
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const high = (96 * moment[2]) / most, wide = Math.max(1, moments.length / 400);
      for (const [name, value] of Object.entries({ x: at, y: 100 - high, width: wide, height: high, class: "here" })) mark.setAttribute(name, value);
      return [mark];
    }));
  }

  // ---- the picture

  linkPicture() {
    this.boxes = [...this.section.querySelectorAll(".picture [data-span]")].map((box) => {
      const [first, last] = box.getAttribute("data-span").split("-").map(Number);
      const title = box.querySelector("title");
      if (first > 0) {
        box.setAttribute("tabindex", "0");
        box.setAttribute("role", "button");
        const seen = [...box.querySelectorAll("text")].map((text) => text.textContent).join(" ");
        box.setAttribute("aria-label", title ? `${seen}: ${title.textContent}` : seen);
        box.addEventListener("click", (event) => { event.stopPropagation(); this.choose(first, true); });
        box.addEventListener("keydown", (event) => {
          if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.choose(first, true); }
        });
      }
      return { box, first, last };
    });
  }

  // ---- the selection

  choose(index, move) {
    if (index < 1 || index > this.facts.rows.length) return;
    this.chosen = index;
    const row = this.facts.rows[index - 1];
    for (const one of this.rows) one.line.classList.toggle("chosen", one.index === index);
    for (const { box, first, last } of this.boxes) box.classList.toggle("chosen", first <= index && index <= last);
    this.section.querySelectorAll(".strip span").forEach((part) => part.classList.toggle("chosen", Number(part.dataset.layer) === index));
    this.lines.forEach((line, place) => line.classList.toggle("chosen", place + 1 === row[LINE]));
    this.markTimeline();
    this.explain(row, index);
    if (!move) return;
    const found = this.rows.find((one) => one.index === index);
    if (found.inside.some((name) => this.folded.has(name))) {
      found.inside.forEach((name) => this.folded.delete(name));
      this.show();
    }
    const table = this.section.querySelector(".table");
    const place = found.line.offsetTop;
    if (found.line.isConnected && (place < table.scrollTop + 40 || place > table.scrollTop + table.clientHeight - 40)) {
      table.scrollTop = Math.max(0, place - table.clientHeight / 2);
    }
  }

  explain(row, index) {
    const operation = this.operation(row);
    const list = make("dl");
    const add = (word, text) => { if (text) list.append(make("dt", word), make("dd", text)); };
    add("line", `${row[LINE]}`);
    add("reads", row[INPUTS].map((input) => (input ? this.facts.rows[input - 1][NAME] : "the input")).join(", "));
    for (const [quantity, sum, result] of [...operation[FIRST], ...row[GROWS], ...operation[LAST]]) {
      add(quantity, sum && result ? `${sum} = ${result}` : sum || result);
    }
    if (this.facts.saved) add("saved for the backward pass", bytes(row[SAVED]));
    this.detail.replaceChildren(make("h3", `${index} ${row[NAME]}: ${operation[WRITTEN]}`), list);
  }

  listen() {
    this.body.addEventListener("click", (event) => {
      const line = event.target.closest("tr");
      if (line) this.choose(Number(line.dataset.layer), false);
    });
    this.body.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const lines = [...this.body.children], at = lines.indexOf(event.target.closest("tr"));
      const next = lines[at + step];
      if (!next) return;
      next.querySelector("button").focus();
      this.choose(Number(next.dataset.layer), false);
    });
    this.filter.addEventListener("input", () => this.show());
    this.section.querySelectorAll("thead button").forEach((button, place) => button.addEventListener("click", () => this.sort(place)));
    this.section.querySelector(".unfold").addEventListener("click", () => this.foldAll(false));
    this.section.querySelector(".foldall").addEventListener("click", () => this.foldAll(true));
    this.section.querySelectorAll(".strip").forEach((strip) => strip.addEventListener("click", (event) => {
      if (event.target.dataset.layer) this.choose(Number(event.target.dataset.layer), true);
    }));
    this.section.querySelector(".spec").addEventListener("click", (event) => {
      const line = event.target.closest("[data-first]");
      if (line) this.choose(Number(line.dataset.first), true);
    });
  }
}

for (const section of document.querySelectorAll("section.network")) {
  section.view = new View(section, JSON.parse(section.querySelector("script[type='application/json']").textContent));
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input")) return;
  event.preventDefault();
  document.querySelector("input[type=search]").focus();
});
