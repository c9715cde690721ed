"use strict";

// The panel with the values of every layer: an input that can be written, grids of numbers, and the sum of the one that
// is selected, with the values marked that it was made of.

class Values {
  constructor(playground) {
    this.playground = playground;
    this.chosen = null;
    find("values-input").addEventListener("input", () => this.show());
    find("values-seed").addEventListener("input", () => this.fresh());
    find("values-fresh").addEventListener("click", () => this.fresh());
    find("values-image").addEventListener("click", () => find("values-file").click());
    find("values-file").addEventListener("change", () => {
      const [file] = find("values-file").files;
      if (file) this.readImage(file);
      find("values-file").value = ""; // the same file can be chosen again
    });
  }

  get seen() { return !find("panel-values").hidden; }

  // The text of the network is another one now: an input of other sizes does not fit any more.
  changed() {
    const input = this.playground.section.view.facts.text.find((line) => /^\s*input\b/.test(line));
    if (input !== this.input) find("values-input").value = "";
    this.input = input;
    this.chosen = null;
    if (this.seen) this.show();
  }

  fresh() {
    find("values-input").value = "";
    this.show();
  }

  // Writes an image into the input, as whole numbers from 0 to 255, in the size that the network takes.
  async readImage(file) {
    const say = (text) => { find("values-status").textContent = text; };
    const { input: sizes, error } = (await this.playground.calculator?.ask({ ask: "input", text: this.playground.shownText })) || {};
    if (!sizes) { say(error ? error.message : "that took too long"); return; }
    const [high, wide, channels] = sizes;
    if (sizes.length !== 3 || ![1, 3].includes(channels)) { say(`an image has 1 or 3 channels, and the network's input is ${sizes.join("x")}`); return; }
    try {
      const pixels = await pixelsOf(file, [high, wide, channels]);
      const grid = (channel) => Array.from({ length: high }, (_, y) => Array.from({ length: wide }, (_, x) => pixels[(y * wide + x) * channels + channel]).join(" ")).join("\n");
      find("values-input").value = Array.from({ length: channels }, (_, channel) => grid(channel)).join("\n|\n");
      this.show();
    } catch (error) { say(error.message); }
  }

  // Asks for the newest text alone, however fast one types.
  async show() {
    this.again = true;
    if (this.busy || !this.playground.calculator) return;
    this.busy = true;
    while (this.again) {
      this.again = false;
      await this.ask();
    }
    this.busy = false;
  }

  async ask() {
    const text = this.playground.shownText, values = find("values-input").value, seed = Number(find("values-seed").value) || 0;
    const reply = await this.playground.calculator.ask({ ask: "values", text, values, seed, ...(this.chosen || {}) });
    if (this.again) return;
    if (!reply || reply.error) {
      find("values-status").textContent = reply ? [reply.error.message, ...reply.error.hints].join("; ") : "that took too long";
      return;
    }
    find("values-status").textContent = "";
    if (!values.trim()) find("values-input").value = reply.input;
    this.draw(reply);
  }

  draw(reply) {
    this.size = reply.size;
    const marked = reply.sum ? { source: reply.sum.source, reads: new Set(reply.sum.reads) } : { reads: new Set() };
    const focus = document.activeElement?.dataset?.place;
    const parts = reply.input ? [this.volume({ name: "input", written: "", grids: reply.grids, tensors: [], index: 0 }, marked)] : []; // several inputs are layers
    reply.layers.forEach((layer, at) => parts.push(this.volume({ ...layer, index: at + 1 }, marked)));
    find("values-layers").replaceChildren(...parts);
    for (const wide of find("values-layers").querySelectorAll(".grids")) { // is reached by keys where it has to be moved
      if (wide.scrollWidth > wide.clientWidth) Object.entries({ tabindex: "0", role: "group", "aria-label": "Numbers" }).forEach(([name, value]) => wide.setAttribute(name, value));
    }
    this.sum(reply.sum);
    if (focus) find("values-layers").querySelector(`[data-place="${focus}"]`)?.focus({ preventScroll: true });
  }

  volume({ name, written, volume, channels, grids, tensors, index }, marked) {
    const box = make("section", undefined, { class: "volume", "aria-label": name }), list = make("div", undefined, { class: "grids" });
    box.append(make("h3", written ? `${name}: ${written} → ${volume}` : name));
    const learned = tensors.flatMap((tensor) => tensor.grids.map((grid) => this.grid(this.titleOf(tensor.name, grid.index), grid, null, null)));
    if (learned.length) {
      const row = make("div", undefined, { class: "grids" });
      row.append(...learned);
      box.append(row);
    }
    tensors.filter(({ more }) => more).forEach(({ more }) => box.append(make("p", more, { class: "quietly" })));
    const shown = grids.slice(0, 4);
    shown.forEach((grid, at) => list.append(this.grid(channels > 1 || grids.length > 1 ? `channel ${at}` : "", grid, { name, index, channel: at, size: this.sizeOf(index) }, marked)));
    box.append(list);
    if (grids.length > shown.length || channels > shown.length) box.append(make("p", `The first ${shown.length} of ${channels ?? grids.length} channels are shown.`, { class: "quietly" }));
    return box;
  }

  // A kernel has an index for its filter and one for the channel that it reads.
  titleOf(name, [filter, channel]) {
    if (filter === undefined) return name;
    return channel === undefined ? `${name} ${filter}` : `${name} of filter ${filter}, channel ${channel}`;
  }

  // Height and width of what layer `index` makes; 0 is the input.
  sizeOf(index) {
    const { view } = this.playground.section;
    return index ? view.operation(view.facts.rows[index - 1])[2].split("x").map(Number) : this.size;
  }

  grid(title, { rows, cut, picture }, place, marked) {
    const box = make("div"), table = make("table", undefined, { class: place ? "values" : "values tensor" }), body = make("tbody");
    if (title) box.append(make("p", title, { class: "quietly" }));
    rows.forEach((row, y) => {
      const line = make("tr");
      row.forEach((text, x) => line.append(this.cell(text, place, y, x, marked)));
      body.append(line);
    });
    table.append(body);
    if (picture) box.append(this.picture(title, picture));
    box.append(table);
    if (cut) box.append(make("p", cut, { class: "quietly" }));
    return box;
  }

  picture(title, { high, wide, shades, least, most }) {
    const box = make("figure"), values = Uint8Array.from(atob(shades), (sign) => sign.charCodeAt(0));
    box.append(drawing(values, high, wide, 1, `${title || "The values"} as a picture`, 280), make("figcaption", `black ${least}, white ${most}`, { class: "quietly" }));
    return box;
  }

  cell(text, place, y, x, marked) {
    const cell = make("td");
    if (!place) { cell.textContent = text; return cell; }
    const signal = place.size.length < 3, [high, wide] = signal ? [1, ...place.size] : place.size, flat = (place.channel * high + y) * wide + x;
    if (marked.source === place.index && marked.reads.has(flat)) cell.className = "read";
    if (!place.index) { cell.textContent = text; return cell; }
    const at = signal ? [x, place.channel] : [y, x, place.channel];
    const chosen = this.chosen && this.chosen.layer === place.name && this.chosen.at.join() === at.join();
    const button = make("button", text, { type: "button", "data-place": `${place.name} ${y} ${x} ${place.channel}`, "aria-pressed": String(Boolean(chosen)) });
    button.addEventListener("click", () => { this.chosen = { layer: place.name, at }; this.show(); });
    cell.append(button);
    return cell;
  }

  sum(sum) {
    const place = find("values-sum");
    if (!sum) { place.replaceChildren(); return; }
    const { layer, at } = this.chosen;
    const names = at.length > 2 ? ["row", "column", "channel"] : ["position", "channel"];
    const parts = [make("h3", `${layer} at ${names.map((name, axis) => `${name} ${at[axis]}`).join(", ")}`)];
    for (const { channel, text, result } of sum.lines) parts.push(make("p", `${channel === null ? "" : `channel ${channel}: `}${text} = ${result}`, { class: "sum" }));
    if (sum.bias !== null) parts.push(make("p", `${sum.lines.map((line) => line.result).join(" + ")} + ${sum.bias} (bias) = ${sum.result}`, { class: "sum" }));
    if (!sum.lines.length) parts.push(make("p", sum.made === sum.result ? sum.result : `${sum.made} = ${sum.result}`, { class: "sum" }));
    place.replaceChildren(...parts);
  }
}
