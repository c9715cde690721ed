"use strict";

// A plain text field, which keyboards and screen readers know, over the same text in colours. Offsets count characters
// as Python does: one for each code point.

const MOST_COLOURED = 3000; // lines; a longer text stands there as it is, since a browser takes seconds to colour it

class Editor {
  constructor(field, colours, words) {
    this.field = field;
    this.colours = colours;
    this.marks = [];
    this.line = 0;
    const any = (names) => names.slice().sort((one, other) => other.length - one.length).join("|");
    this.rule = new RegExp(
      [
        "(?<comment>#.*)",
        "(?<claim>=>)",
        "(?<label>@\\s*[A-Za-z_][\\w]*|\\b[A-Za-z_]\\w*(?=\\s*:(?![0-9{])))",
        `(?<control>\\b(?:${any([...words.statements, ...words.merges])})\\b(?!\\s*[:=]))`,
        `(?<layer>\\b(?:${any(words.layers)})(?:[0-9]+(?:-[0-9]+)?|-[0-9]+)?(?![A-Za-z0-9_=]))`,
        "(?<call>\\b[A-Za-z_]\\w*(?=\\s*\\())",
        "(?<argument>\\b(?:op|[spdgx])(?=[0-9{])|\\b[A-Za-z_]\\w*(?==(?!>)))",
        "(?<number>[0-9][0-9.x×:,]*)",
      ].join("|"),
      "giu"
    );
    field.addEventListener("input", () => this.colour());
    field.addEventListener("scroll", () => this.follow(), { passive: true });
    this.colour();
  }

  get text() { return this.field.value; }

  // Replaces the text so that the browser's own undo brings the old one back.
  put(text) {
    this.field.focus();
    this.field.select();
    if (!document.execCommand("insertText", false, text)) this.field.value = text;
    this.field.setSelectionRange(0, 0);
    this.field.scrollTop = 0;
    this.mark([]);
  }

  follow() {
    this.colours.style.transform = `translate(${-this.field.scrollLeft}px, ${-this.field.scrollTop}px)`;
  }

  // Marks stretches of the text: { start, end, kind }, which do not overlap.
  mark(marks) {
    this.marks = marks;
    this.colour();
  }

  choose(line) {
    if (line === this.line) return;
    this.line = line;
    this.colour();
  }

  colour() {
    const lines = this.text.split("\n");
    this.field.parentElement.style.setProperty("--lines", Math.max(8, lines.length + 1));
    const plain = lines.length > MOST_COLOURED;
    this.field.parentElement.classList.toggle("plain", plain);
    if (plain) { this.colours.replaceChildren(); return; }
    let offset = 0;
    this.colours.replaceChildren(...lines.map((line, place) => {
      const made = document.createElement("div");
      if (place + 1 === this.line) made.className = "chosen";
      this.fill(made, line, offset);
      offset += [...line].length + 1;
      return made;
    }));
  }

  fill(made, line, offset) {
    const kinds = new Array(line.length).fill("");
    for (const found of line.matchAll(this.rule)) {
      const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
      kinds.fill(kind, found.index, found.index + found[0].length);
    }
    const characters = [...line];
    for (const { start, end, kind } of this.marks) {
      const from = Math.max(0, start - offset), to = Math.min(characters.length, end - offset);
      if (to < 0 || from > characters.length || start > offset + characters.length) continue;
      const before = characters.slice(0, from).join("").length, until = characters.slice(0, Math.max(from, to)).join("").length;
      for (let at = before; at < until; at += 1) kinds[at] += ` ${kind}`;
      if (until === before && from === characters.length) made.dataset.after = kind; // where something is missing
    }
    let from = 0;
    for (let at = 1; at <= line.length; at += 1) {
      if (at < line.length && kinds[at] === kinds[from]) continue;
      const part = document.createElement("span");
      if (kinds[from]) part.className = kinds[from].trim().split(" ").map((kind) => `code-${kind}`).join(" ");
      part.textContent = line.slice(from, at);
      made.append(part);
      from = at;
    }
    if (made.dataset.after || !line) {
      const end = document.createElement("span");
      end.textContent = made.dataset.after ? " " : "\u200b";
      if (made.dataset.after) end.className = `code-${made.dataset.after}`;
      made.append(end);
    }
  }

  // The line, counted from 1, in which the cursor stands.
  get cursor() { return this.text.slice(0, this.field.selectionStart).split("\n").length; }
}
