"use strict";

// One selection for each network: a layer in the table, the picture, the strips, the timeline and the text is the same
// thing. Everything from the spec goes into the page as text, never as markup.

const NAME = 0, OPERATION = 1, LINE = 2, INPUTS = 3, FIELD = 4, GROWS = 5, SAVED = 6;
const WRITTEN = 0, ROLE = 1, OUTPUT = 2, PARAMS = 3, MACS = 4, BYTES = 5, FIRST = 6, LAST = 7;
const COSTS = [PARAMS, MACS, BYTES];
const BEGIN = 0, END = 1, GROUP = 2, CALL = 3, TIMES = 4, OPEN = 5; // of a group: a block, or a repeat of some layers
const MANY = 150; // rows of which only those in view are in the document
const SPARE = 15; // rows above and below those in view

const make = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

const svg = (tag, attributes = {}) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

// A number above 2^53 is handed over as a text; only its share is computed from a rounded value.
const decimals = [0, 1].map((digits) => new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
const thousands = new Intl.NumberFormat("en-US");
const whole = (value) => (typeof value === "number" ? thousands.format(value) : value.replace(/\B(?=(\d{3})+$)/g, ","));
const collator = new Intl.Collator("en", { numeric: true });

const bytes = (value) => {
  const count = Number(value);
  if (count < 1024) return `${count} B`;
  let power = 1;
  while (count >= 1000 * 1024 ** power && power < 5) power += 1;
  const amount = count / 1024 ** power;
  const digits = amount < 100 ? 1 : 0;
  return `${decimals[digits].format(amount)} ${["KiB", "MiB", "GiB", "TiB", "PiB"][power - 1]}`;
};

class View {
  // The text of a network may stand elsewhere: then a section has no spec, and `before` is the view of the text before.
  constructor(section, facts, before) {
    this.section = section;
    this.facts = facts;
    this.gone = new AbortController(); // of the listeners that outlive the section
    this.chosen = 0;
    this.table = section.querySelector(".table");
    this.body = section.querySelector("tbody");
    this.detail = section.querySelector(".detail") ?? document.querySelector(".detail");
    this.filter = section.querySelector("input[type=search]");
    this.folded = new Set(facts.groups.filter((group) => !group[OPEN]));
    this.until = new Map([...COSTS, SAVED].map((which) => [which, this.sums(which)])); // sums over the first layers
    this.most = COSTS.map((which) => facts.rows.reduce((most, row) => Math.max(most, this.cost(row, which)), 1));
    this.makeEntries();
    this.makeStrips();
    this.makeSpec();
    this.makeTimeline();
    this.linkPicture();
    this.listen();
    if (before) this.adopt(before);
    this.show();
    this.choose(before ? this.same(before) : 1, false);
    this.ready = true;
  }

  close() { this.gone.abort(); }

  // Keeps what a reader did with the view of the text before: filter, order, and what is folded.
  adopt(before) {
    this.filter.value = before.filter.value;
    if (before.sorted !== undefined) this.sort(before.sorted, before.downwards);
    const was = new Map(before.facts.groups.map((group) => [`${group[GROUP]} ${group[TIMES]}`, before.folded.has(group)]));
    for (const group of this.facts.groups) {
      const folded = was.get(`${group[GROUP]} ${group[TIMES]}`);
      if (folded !== undefined) this.folded[folded ? "add" : "delete"](group);
    }
  }

  // The layer that has the name of the one that was chosen, or the place of it.
  same(before) {
    const named = this.facts.rows.findIndex((row) => row[NAME] === before.name) + 1;
    return named || Math.min(before.chosen, this.facts.rows.length);
  }

  operation(row) { return this.facts.operations[row[OPERATION]]; }
  cost(row, which) { return Number(which === SAVED ? row[SAVED] : this.operation(row)[which]); }
  sums(which) {
    let sum = 0;
    return [0, ...this.facts.rows.map((row) => (sum += this.cost(row, which)))];
  }
  between(first, last, which) { return this.until.get(which)[last] - this.until.get(which)[first - 1]; }

  // ---- the table: an entry for each layer, and one for each block or repeat in front of what it holds

  makeEntries() {
    this.entries = [];
    this.ofLayer = [];
    const { groups, rows } = this.facts;
    const open = [];
    let next = 0;
    rows.forEach((row, place) => {
      const index = place + 1;
      while (open.length && open[open.length - 1][END] < index) open.pop();
      while (next < groups.length && groups[next][BEGIN] === index) {
        const group = groups[next++];
        this.entries.push({ group, index, inside: open.slice() });
        open.push(group);
      }
      this.ofLayer[index] = { row, index, inside: open.slice() };
      this.entries.push(this.ofLayer[index]);
    });
  }

  // What is in front of the name of a layer: the block that is opened around it.
  short(name, inside) {
    const block = inside.filter((group) => group[TIMES] === 1).pop();
    return block ? name.split(" … ").map((part) => (part.startsWith(`${block[GROUP]}.`) ? part.slice(block[GROUP].length + 1) : part)).join(" … ") : name;
  }

  shortName(entry) {
    entry.short ??= this.short(entry.group ? entry.group[GROUP] : entry.row[NAME], entry.inside);
    return entry.short;
  }

  line(entry) {
    if (!entry.line) entry.line = entry.group ? this.groupLine(entry) : this.layerLine(entry);
    if (entry.group) {
      const folded = this.folded.has(entry.group);
      entry.fold.textContent = folded ? "▸" : "▾";
      entry.fold.setAttribute("aria-expanded", String(!folded));
    } else entry.button.textContent = this.flat ? entry.row[NAME] : entry.short;
    entry.line.classList.toggle("chosen", !entry.group && entry.index === this.chosen);
    return entry.line;
  }

  layerLine(entry) {
    const { row, index, inside } = entry, operation = this.operation(row);
    entry.button = make("button", this.shortName(entry), { type: "button", title: row[NAME] });
    const line = make("tr", undefined, { "data-layer": index });
    const name = make("td");
    name.style.paddingLeft = `${20 + 18 * inside.length}px`;
    name.append(entry.button);
    line.append(make("td", String(index), { class: "number" }), name, make("td", operation[WRITTEN], { class: "words", title: operation[WRITTEN] }), make("td", operation[OUTPUT]));
    COSTS.forEach((which, place) => line.append(this.costCell(operation[which], which, place, operation[ROLE])));
    line.append(make("td", row[FIELD]));
    if (this.facts.saved) line.append(make("td", bytes(row[SAVED]), { class: "number" }));
    return line;
  }

  costCell(value, which, place, role) {
    const cell = make("td", which === BYTES ? bytes(value) : whole(value), { class: "number" });
    if (which === BYTES || !Number(value)) return cell;
    cell.style.backgroundImage = `linear-gradient(var(--${role}) 0 0)`;
    cell.style.backgroundSize = `calc((100% - 10px) * ${(Number(value) / this.most[place]).toFixed(4)}) 3px`;
    return cell;
  }

  groupLine(entry) {
    const { group, inside } = entry, [first, last, name, call, times] = group;
    const line = make("tr", undefined, { class: "block", "data-layer": first });
    const cell = make("td");
    entry.fold = make("button", "", { type: "button", class: "fold", "aria-label": `fold ${name}` });
    cell.style.paddingLeft = `${18 * inside.length}px`;
    cell.append(entry.fold, make("span", this.shortName(entry), { title: name }));
    if (times > 1) cell.append(make("span", ` ×${times}`, { class: "times", title: `${times} that are alike; the numbers are those of all together` }));
    line.append(make("td", "", { class: "number" }), cell, make("td", call, { class: "words", title: call }));
    const row = this.facts.rows[last - 1];
    line.append(make("td", this.operation(row)[OUTPUT]));
    for (const which of COSTS) {
      const total = this.between(first, last, which);
      line.append(make("td", which === BYTES ? bytes(total) : whole(total), { class: "number" }));
    }
    line.append(make("td", row[FIELD]));
    if (this.facts.saved) line.append(make("td", bytes(this.between(first, last, SAVED)), { class: "number" }));
    entry.fold.addEventListener("click", (event) => { event.stopPropagation(); this.toggle(group); });
    return line;
  }

  toggle(group, folded = !this.folded.has(group)) {
    if (folded) this.folded.add(group); else this.folded.delete(group);
    this.show();
  }

  foldAll(folded) {
    this.folded = new Set(folded ? this.facts.groups : []);
    this.show();
  }

  key(entry, place) {
    const row = entry.row, operation = this.operation(row);
    return [entry.index, row[NAME], operation[WRITTEN], operation[OUTPUT], ...COSTS.map((which) => this.cost(row, which)), row[FIELD], Number(row[SAVED])][place];
  }

  text(entry) {
    entry.text ??= `${entry.row[NAME]} ${this.operation(entry.row)[WRITTEN]}`.toLowerCase();
    return entry.text;
  }

  // Chooses which entries are shown, in which order.
  show() {
    const wanted = this.filter.value.trim().toLowerCase();
    this.flat = Boolean(wanted) || this.sorted !== undefined;
    this.shown = this.entries.filter((entry) => (this.flat ? entry.row && this.text(entry).includes(wanted) : !entry.inside.some((group) => this.folded.has(group))));
    if (this.sorted !== undefined) {
      const sign = this.downwards ? -1 : 1, keys = new Map(this.shown.map((entry) => [entry, this.key(entry, this.sorted)]));
      const compare = typeof keys.values().next().value === "number" ? (a, b) => a - b : collator.compare;
      this.shown.sort((one, other) => sign * compare(keys.get(one), keys.get(other)) || one.index - other.index);
    }
    this.section.querySelector(".shown").textContent = `${this.shown.length} of ${this.entries.length} rows`;
    this.keepWidths();
    this.fill(true);
  }

  // Of a long table only the rows in view are in the document, so that nothing takes longer in a deep network.
  fill(anew) {
    const long = this.shown.length > MANY && !this.printing;
    const high = this.high || 27, view = Math.ceil((this.height || 900) / high);
    const from = long ? Math.max(0, Math.min(Math.floor(this.table.scrollTop / high), this.shown.length - view) - SPARE) : 0;
    const to = long ? Math.min(this.shown.length, from + view + 2 * SPARE) : this.shown.length;
    if (!anew && from === this.from && to === this.to) return;
    [this.from, this.to] = [from, to];
    const lines = this.shown.slice(from, to).map((entry) => this.line(entry));
    lines.forEach((line, place) => line.setAttribute("aria-rowindex", from + place + 2));
    const focused = document.activeElement;
    this.body.replaceChildren(...(from ? [this.space(from * high)] : []), ...lines, ...(to < this.shown.length ? [this.space((this.shown.length - to) * high)] : []));
    if (focused !== document.activeElement && this.body.contains(focused)) focused.focus({ preventScroll: true });
    this.body.parentElement.setAttribute("aria-rowcount", this.shown.length + 1);
  }

  // How high the table and its rows are; asked when they have been laid out, since to ask earlier lays out all at once.
  measure() {
    const line = this.body.querySelector("[data-layer]");
    if (line?.offsetHeight) [this.high, this.height] = [line.offsetHeight, this.table.clientHeight];
    this.fill(false);
  }

  space(height) {
    const line = make("tr", undefined, { class: "space", "aria-hidden": "true" });
    line.style.height = `${height}px`;
    return line;
  }

  // A row that takes no place has the longest text of every column, so that columns do not move while rows come and go.
  keepWidths() {
    this.widths?.remove();
    if (this.shown.length <= MANY) return;
    const longest = (length) => {
      let found = this.shown[0], most = -1;
      for (const entry of this.shown) {
        const here = length(entry);
        if (here > most) [found, most] = [entry, here];
      }
      return found;
    };
    const name = (entry) => 2 * entry.inside.length + (this.flat ? entry.row[NAME] : this.shortName(entry)).length;
    const cells = [longest((entry) => entry.index), longest(name), longest((entry) => (entry.group ? entry.group[CALL] : this.operation(entry.row)[WRITTEN]).length), longest((entry) => this.output(entry).length),
      ...COSTS.map((which) => longest((entry) => this.amount(entry, which))), longest((entry) => this.last(entry)[FIELD].length), longest((entry) => this.amount(entry, SAVED))];
    const line = make("tr");
    const heads = this.section.querySelectorAll("thead th").length;
    line.append(...cells.slice(0, heads).map((entry, place) => this.line(entry).children[place].cloneNode(true)));
    this.widths = make("tbody", undefined, { class: "widths", "aria-hidden": "true" });
    this.widths.append(line);
    this.widths.querySelectorAll("button").forEach((button) => button.replaceWith(make("span", button.textContent)));
    this.body.after(this.widths);
  }

  last(entry) { return entry.group ? this.facts.rows[entry.group[END] - 1] : entry.row; }
  output(entry) { return this.operation(this.last(entry))[OUTPUT]; }
  amount(entry, which) { return entry.group ? this.between(entry.group[BEGIN], entry.group[END], which) : this.cost(entry.row, which); }

  sort(place, downwards) {
    if (downwards !== undefined) [this.sorted, this.downwards] = [place, downwards];
    else if (this.sorted === place && this.downwards === (place >= 4)) this.downwards = !this.downwards;
    else if (this.sorted === place) this.sorted = undefined;
    else { this.sorted = place; this.downwards = place >= 4; }
    this.section.querySelectorAll("thead th").forEach((head, at) => {
      head.setAttribute("aria-sort", at !== this.sorted ? "none" : this.downwards ? "descending" : "ascending");
    });
    this.table.scrollTop = 0;
    this.show();
  }

  // ---- strips: what each layer takes of the whole

  makeStrips() {
    this.strips = [...this.section.querySelectorAll(".strip")].map((place, at) => {
      const which = COSTS[at], until = this.until.get(which), total = until[until.length - 1];
      const drawing = svg("svg", { viewBox: "0 0 1000 22", preserveAspectRatio: "none", "aria-hidden": "true" });
      const paths = new Map();
      this.facts.rows.forEach((row, layer) => {
        const from = (1000 * until[layer]) / total, to = (1000 * until[layer + 1]) / total;
        if (!(to - from > 0.3)) return;
        const role = this.operation(row)[ROLE];
        if (!paths.has(role)) paths.set(role, []);
        paths.get(role).push(`M${from.toFixed(2)} 0H${(to - (to - from > 3 ? 0.8 : 0)).toFixed(2)}V22H${from.toFixed(2)}Z`);
      });
      for (const [role, parts] of paths) drawing.append(svg("path", { d: parts.join(""), class: `part-${role}` }));
      const mark = svg("rect", { y: 1.5, height: 19, class: "mark" });
      drawing.append(mark);
      place.append(drawing);
      const layerAt = (event) => {
        const box = place.getBoundingClientRect(), wanted = (total * (event.clientX - box.left)) / box.width;
        const found = until.findIndex((sum) => sum > wanted);
        return found < 1 ? 0 : found;
      };
      place.addEventListener("click", (event) => { const layer = layerAt(event); if (layer) this.choose(layer, true); });
      place.addEventListener("mousemove", (event) => {
        const layer = layerAt(event);
        if (layer) place.title = `${this.facts.rows[layer - 1][NAME]}: ${((100 * this.between(layer, layer, which)) / total).toFixed(1)}%`;
      });
      return { mark, until, total };
    });
  }

  markStrips() {
    for (const { mark, until, total } of this.strips) {
      const from = total ? (1000 * until[this.chosen - 1]) / total : 0, to = total ? (1000 * until[this.chosen]) / total : 0;
      mark.setAttribute("x", from);
      mark.setAttribute("width", to > from ? Math.max(2, to - from) : 0);
    }
  }

  // ---- the text of the spec

  makeSpec() {
    const first = new Map();
    this.facts.rows.forEach((row, place) => { if (!first.has(row[LINE])) first.set(row[LINE], place + 1); });
    this.lines = this.facts.text.map((text, place) => {
      const line = make("div");
      line.append(make("i", String(place + 1), { "aria-hidden": "true" }), text);
      if (first.has(place + 1)) line.setAttribute("data-first", first.get(place + 1));
      return line;
    });
    const place = this.section.querySelector(".spec");
    if (!place) return;
    place.style.containIntrinsicBlockSize = `min(60vh, ${20 * this.lines.length + 18}px)`; // while it is out of view
    place.append(...this.lines);
  }

  // ---- the memory of a training step, moment by moment

  makeTimeline() {
    const place = this.section.querySelector(".timeline");
    if (!place) return;
    const moments = this.facts.timeline;
    this.highest = moments.reduce((most, moment) => Math.max(most, moment[2]), 0);
    this.moments = new Map();
    moments.forEach((moment, at) => this.moments.set(moment[1], [...(this.moments.get(moment[1]) || []), at]));
    const drawing = svg("svg", { viewBox: `0 0 ${moments.length} 100`, preserveAspectRatio: "none", role: "img", "aria-label": place.dataset.label });
    const steps = moments.map((moment, at) => `V${(100 - (96 * moment[2]) / this.highest).toFixed(2)}H${at + 1}`);
    this.marks = svg("g");
    drawing.append(svg("path", { class: "area", d: `M0,100${steps.join("")}V100Z` }), this.marks);
    drawing.addEventListener("click", (event) => {
      const box = drawing.getBoundingClientRect();
      const moment = moments[Math.min(moments.length - 1, Math.floor((moments.length * (event.clientX - box.left)) / box.width))];
      if (moment[1] > 0 && moment[1] <= this.facts.rows.length) this.choose(moment[1], true);
    });
    place.append(make("p", `0 to ${bytes(this.highest)}; the chosen layer is orange`, { class: "quietly" }), drawing);
  }

  markTimeline() {
    if (!this.marks) return;
    const moments = this.facts.timeline, wide = Math.max(1, moments.length / 400);
    this.marks.replaceChildren(...(this.moments.get(this.chosen) || []).map((at) => {
      const high = (96 * moments[at][2]) / this.highest;
      return svg("rect", { x: at, y: 100 - high, width: wide, height: high, class: "here" });
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

  get name() { return this.facts.rows[this.chosen - 1][NAME]; }

  choose(index, move) {
    if (index < 1 || index > this.facts.rows.length) return;
    const before = this.ofLayer[this.chosen], entry = this.ofLayer[index], row = entry.row;
    this.chosen = index;
    before?.line?.classList.remove("chosen");
    entry.line?.classList.add("chosen");
    for (const { box, first, last } of this.boxes) box.classList.toggle("chosen", first <= index && index <= last);
    if (before) this.lines[before.row[LINE] - 1]?.classList.remove("chosen");
    this.lines[row[LINE] - 1]?.classList.add("chosen");
    this.markStrips();
    this.markTimeline();
    this.explain(row, index);
    if (this.ready) this.section.dispatchEvent(new CustomEvent("chosen"));
    if (!move) return;
    if (!this.flat && entry.inside.some((group) => this.folded.has(group))) {
      entry.inside.forEach((group) => this.folded.delete(group));
      this.show();
    }
    this.reveal(entry);
  }

  // Scrolls the table to a row, if that is not in view.
  reveal(entry) {
    const place = this.shown.indexOf(entry);
    if (place < 0) return;
    const head = this.section.querySelector("thead").offsetHeight;
    const top = this.from === 0 && this.to === this.shown.length ? entry.line.offsetTop : head + place * (this.high || 27);
    if (top < this.table.scrollTop + 40 || top > this.table.scrollTop + this.table.clientHeight - 40) {
      this.table.scrollTop = Math.max(0, top - this.table.clientHeight / 2);
    }
    this.fill(false);
  }

  explain(row, index) {
    const operation = this.operation(row);
    const list = make("dl");
    const add = (word, text) => { if (text) list.append(make("dt", word), make("dd", text)); };
    if (!this.facts.elsewhere) add("line", `${row[LINE]}`);
    add("reads", row[INPUTS].map((input) => (input ? this.facts.rows[input - 1][NAME] : "the input")).join(", ") || "what is given to it");
    for (const [quantity, sum, result] of [...operation[FIRST], ...row[GROWS], ...operation[LAST]]) {
      add(quantity, sum && result ? `${sum} = ${result}` : sum || result);
    }
    if (this.facts.saved) add("saved for the backward pass", bytes(row[SAVED]));
    this.detail.replaceChildren(make("h3", `${index} ${row[NAME]}: ${operation[WRITTEN]}`), list);
  }

  listen() {
    this.body.addEventListener("click", (event) => {
      const line = event.target.closest("[data-layer]");
      if (line) this.choose(Number(line.dataset.layer), false);
    });
    this.body.addEventListener("keydown", (event) => this.pressed(event));
    this.table.addEventListener("scroll", () => this.measure(), { passive: true });
    const signal = this.gone.signal;
    window.addEventListener("resize", () => this.measure(), { signal });
    this.filter.addEventListener("input", () => { this.table.scrollTop = 0; this.show(); });
    this.section.querySelectorAll("thead button").forEach((button, place) => button.addEventListener("click", () => this.sort(place)));
    this.section.querySelector(".unfold").addEventListener("click", () => this.foldAll(false));
    this.section.querySelector(".foldall").addEventListener("click", () => this.foldAll(true));
    for (const [name, printing] of [["beforeprint", true], ["afterprint", false]]) {
      window.addEventListener(name, () => { this.printing = printing; this.fill(true); }, { signal });
    }
    this.section.querySelector(".spec")?.addEventListener("click", (event) => {
      const line = event.target.closest("[data-first]");
      if (line) this.choose(Number(line.dataset.first), true);
    });
  }

  // The arrows go from row to row; those to the right and to the left open and fold what a row stands for.
  pressed(event) {
    const line = event.target.closest("[data-layer]");
    const place = this.shown.findIndex((entry) => entry.line === line);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], fold = { ArrowLeft: true, ArrowRight: false }[event.key];
    const entry = this.shown[place + (step || 0)];
    if (place < 0 || !entry || (step === undefined && (fold === undefined || !entry.group))) return;
    event.preventDefault();
    if (step === undefined) this.toggle(entry.group, fold);
    else this.reveal(entry);
    (entry.button || entry.fold).focus({ preventScroll: true });
    if (step !== undefined) this.choose(entry.index, false);
  }
}

const start = () => {
  for (const section of document.querySelectorAll("section.network")) {
    section.view ??= new View(section, JSON.parse(section.querySelector("script[type='application/json']").textContent));
  }
};
// Totals and picture are seen first; what is not seen yet, in a background tab, has no frames to wait for.
if (document.hidden) start();
else requestAnimationFrame(() => setTimeout(start));
window.addEventListener("beforeprint", start); // before the listeners of the views
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  document.querySelector("input[type=search]").focus();
});
