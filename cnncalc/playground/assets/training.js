"use strict";

// The panel in which the network of the text is trained: what is asked of the worker, and what it tells is shown.

const CELL = 2; // pixels of the screen for a value of a map
const SIGNAL = 14; // and the height of the strip that a signal is

// Draws values from black to white into a canvas, each over its own range, `across` pixels wide or a few more or less.
const drawing = (values, high, wide, channels, label, across = 64) => {
  const canvas = make("canvas", undefined, { width: wide, height: high, role: "img", "aria-label": label });
  const data = new ImageData(wide, high);
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) { if (value < least) least = value; if (value > most) most = value; }
  const scale = most > least ? 255 / (most - least) : 0;
  for (let at = 0; at < high * wide; at += 1) {
    for (let channel = 0; channel < 3; channel += 1) data.data[4 * at + channel] = (values[at * channels + (channels === 3 ? channel : 0)] - least) * scale;
    data.data[4 * at + 3] = 255;
  }
  canvas.getContext("2d").putImageData(data, 0, 0);
  const factor = Math.max(CELL, Math.min(6, Math.floor(across / wide)));
  canvas.style.width = `${wide * factor}px`;
  if (high === 1) canvas.style.height = `${SIGNAL}px`; // a signal is a strip
  return canvas;
};

class Training {
  constructor(playground) {
    this.playground = playground;
    this.image = 0;
    find("train-form").addEventListener("submit", (event) => { event.preventDefault(); this.begin(); });
    find("train-data").addEventListener("change", () => this.chooseData());
    for (const id of ["train-files", "train-folder"]) find(id).addEventListener("change", () => this.read([...find(id).files]));
    find("train-go").addEventListener("click", () => this.toggle());
    find("train-step").addEventListener("click", () => this.send({ step: true }));
    find("train-save").addEventListener("click", () => this.send({ save: { format: "pt", spec: this.text, classes: JSON.stringify(this.names()) } }));
    find("train-factor").addEventListener("input", () => {
      const factor = 10 ** Number(find("train-factor").value);
      find("train-factored").textContent = factor.toPrecision(2);
      this.send({ rate: factor });
    });
    find("train-recipe").addEventListener("change", () => {
      const lecture = find("train-recipe").value === "lecture";
      find("train-batch").value = lecture ? 4 : 32;
    });
  }

  say(text) { find("train-status").textContent = text; }
  send(message) { this.worker?.postMessage(message); }

  chooseData() {
    const kind = find("train-data").value;
    if (kind === "files" || kind === "folder") find(`train-${kind}`).click();
    else this.files = null;
  }

  read(files) {
    if (!files.length) return;
    this.files = files;
    if (find("train-data").value === "digits") find("train-data").value = files[0].webkitRelativePath ? "folder" : "files";
    this.say(`${files.length} ${files.length === 1 ? "file" : "files"} chosen; Begin reads them.`);
  }

  async begin() {
    const button = find("train-begin");
    button.disabled = true;
    try {
      await this.prepare();
      this.run(true);
    } catch (error) {
      this.say(error.message);
    }
    button.disabled = false;
  }

  async prepare() {
    const { playground } = this;
    if (!playground.calculator) throw new Error("Python is still starting; begin again in a moment");
    this.run(false);
    this.say("Reading the images …");
    const set = this.files ? await fromFiles(this.files, await this.shape()) : await digits();
    const asked = { ask: "training", text: playground.editor.text, recipe: find("train-recipe").value, changes: this.changes(), images: set.train.labels.length };
    this.say("Preparing the network …");
    const plan = await playground.calculator.ask(asked);
    if (!plan) throw new Error("that took too long");
    if (plan.error) throw new Error([plan.error.message, ...plan.error.hints].join("; "));
    const data = suited(set, plan);
    if (set.names.length > plan.classes) throw new Error(`the images have ${set.names.length} classes, and the network ends in ${plan.classes}`);
    this.set = data;
    this.plan = plan;
    this.text = asked.text;
    this.curves = { loss: [], accuracy: [], tests: [] };
    await this.start();
    await this.heard({ begin: { plan, data: { train: data.train, test: data.test } } }, "begin");
  }

  // The input of the text, which images of a folder are brought to.
  async shape() {
    const reply = await this.playground.calculator.ask({ ask: "input", text: this.playground.editor.text });
    if (!reply || reply.error) throw new Error(reply?.error ? reply.error.message : "that took too long");
    return reply.input;
  }

  changes() {
    const rate = find("train-rate").value.trim().replace(",", ".");
    if (rate && !(Number(rate) > 0)) throw new Error("the learning rate is a number above 0, such as 0.01");
    return { epochs: Number(find("train-epochs").value), batch: Number(find("train-batch").value), seed: Number(find("train-seed").value), ...(rate ? { learning_rate: Number(rate) } : {}) };
  }

  // The worker, with the library loaded the first time.
  async start() {
    if (this.worker) return;
    this.say("Loading TensorFlow.js …");
    this.worker = new Worker("trainer.js");
    this.worker.addEventListener("message", (event) => this.hear(event.data));
    const files = Object.fromEntries(Object.entries(this.playground.libraries.tensorflow).map(([name, place]) => [name, new URL(place, location).href]));
    try {
      await this.heard({ load: files }, "load");
    } catch (error) {
      this.worker.terminate();
      this.worker = null;
      throw new Error(`TensorFlow.js could not be loaded: ${error.message}`);
    }
  }

  heard(message, what) {
    return new Promise((done, failed) => {
      const listen = ({ data }) => {
        if (data.done !== what && data.failed === undefined) return;
        this.worker.removeEventListener("message", listen);
        if (data.failed === undefined) done(); else failed(new Error(data.failed));
      };
      this.worker.addEventListener("message", listen);
      this.worker.postMessage(message);
    });
  }

  names() { return Array.from({ length: this.plan.classes }, (_, at) => this.set.names[at] ?? String(at)); }

  toggle() { this.run(!this.running); }

  run(on) {
    this.running = on;
    this.send(on ? { go: true } : { pause: true });
    for (const id of ["train-go", "train-step", "train-save"]) find(id).disabled = !this.plan;
    find("train-go").textContent = on ? "Pause" : "Go on";
  }

  hear(said) {
    if (said.failed !== undefined && this.running) { this.say(said.failed); this.run(false); }
    if (said.progress) this.progress(said.progress);
    if (said.tested) { this.curves.tests.push(said.tested); this.draw(); }
    if (said.views) this.look(said.views);
    if (said.file) this.save(said.file);
  }

  progress({ step, epoch, loss, accuracy, rate, speed, last }) {
    this.curves.loss.push([epoch, loss]);
    this.curves.accuracy.push([epoch, accuracy]);
    const tested = this.curves.tests.at(-1);
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    this.say(`${last ? "Done: " : ""}step ${step}, epoch ${epoch.toFixed(2)} of ${this.plan.recipe.epochs} · loss ${loss.toFixed(4)} · ${percent(accuracy)} of the training images right${tested ? ` · ${percent(tested.accuracy)} of the test images after epoch ${tested.epoch}` : ""} · rate ${rate.toPrecision(3)} · ${Math.round(speed)} images/s`);
    if (last) { this.run(false); find("train-go").disabled = find("train-step").disabled = true; }
    this.draw();
  }

  // ---- curves

  draw() {
    const { loss, accuracy, tests } = this.curves, epochs = this.plan.recipe.epochs;
    const most = loss.reduce((top, [, value]) => Math.max(top, value), 1e-6);
    const accurate = [["training", accuracy], ["test", tests.map((one) => [one.epoch, one.accuracy])]];
    find("train-curves").replaceChildren(this.curve("Loss", [["training", loss]], epochs, most, (value) => value.toPrecision(3)), this.curve("Accuracy", accurate, epochs, 1, (value) => `${Math.round(100 * value)} %`));
  }

  curve(title, lines, epochs, most, text) {
    const box = make("figure"), wide = 440, high = 160, left = 46, below = 22;
    const drawn = svg("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": `${title} by epoch, last ${lines.map(([name, points]) => (points.length ? `${name} ${text(points.at(-1)[1])}` : "")).join(" ")}` });
    const x = (epoch) => left + ((wide - left - 10) * epoch) / epochs, y = (value) => 8 + (high - below - 8) * (1 - value / most);
    for (const share of [0, 0.5, 1]) {
      drawn.append(svg("line", { x1: left, x2: wide - 10, y1: y(share * most), y2: y(share * most), class: "grid" }));
      const label = svg("text", { x: left - 6, y: y(share * most) + 4, "text-anchor": "end" });
      label.textContent = text(share * most);
      drawn.append(label);
    }
    for (const epoch of [0, epochs]) {
      const label = svg("text", { x: x(epoch), y: high - 6, "text-anchor": epoch ? "end" : "start" });
      label.textContent = epoch ? `epoch ${epoch}` : "0";
      drawn.append(label);
    }
    lines.forEach(([name, points]) => {
      const some = points.length > 600 ? points.filter((_, at) => at % Math.ceil(points.length / 600) === 0) : points;
      drawn.append(svg("polyline", { points: some.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" "), class: `line-${name}` }));
    });
    const names = lines.length > 1 ? `: ${lines.map(([name]) => name).join(" (thin) and ")} (thick)` : "";
    box.append(make("figcaption", title + names), drawn);
    return box;
  }

  // ---- what the network sees

  look({ predicted, layers, filters }) {
    const parts = [this.predictions(predicted)];
    if (filters) parts.push(this.filters(filters));
    for (const layer of layers) parts.push(this.maps(layer));
    const place = find("train-views"), at = document.activeElement?.dataset?.image;
    place.replaceChildren(...parts);
    if (at !== undefined) place.querySelector(`[data-image="${at}"]`)?.focus({ preventScroll: true });
  }

  row(title, canvases) {
    const box = make("div", undefined, { class: "row" }), list = make("div", undefined, { class: "maps" });
    list.append(...canvases);
    box.append(make("h3", title), list);
    return box;
  }

  predictions(predicted) {
    const { high, wide, channels } = this.plan.image, size = high * wide * channels, { test, names } = this.set;
    const name = (label) => names[label] ?? label;
    return this.row("Test images", predicted.map((shares, at) => {
      const best = shares.indexOf(Math.max(...shares)), right = best === test.labels[at], share = Math.round(100 * shares[best]);
      const button = make("button", undefined, { type: "button", class: right ? "right" : "wrong", "data-image": at, "aria-pressed": String(at === this.image), title: "Show the maps of this image" });
      const pixels = test.pixels.subarray(at * size, (at + 1) * size);
      button.append(drawing(pixels, high, wide, channels, `Image ${at + 1}: ${name(test.labels[at])}`), make("span", right ? `✓ ${name(best)} · ${share} %` : `✗ ${name(best)} · ${share} %, is ${name(test.labels[at])}`));
      button.addEventListener("click", () => { this.image = at; this.send({ image: at }); });
      return button;
    }));
  }

  filters({ layer, high, wide, inputs, filters, values }) {
    const size = high * wide * inputs;
    return this.row(`Filters of ${layer}`, Array.from({ length: Math.min(filters, 32) }, (_, at) => drawing(values.subarray(at * size, (at + 1) * size), high, wide, inputs, `Filter ${at + 1}`)));
  }

  maps({ name, high, wide, channels, values }) {
    const size = high * wide, count = values.length / size;
    const more = channels > count ? `, ${count} of ${channels} channels` : "";
    return this.row(`${name}${more}`, Array.from({ length: count }, (_, at) => drawing(values.subarray(at * size, (at + 1) * size), high, wide, 1, `Channel ${at + 1} of ${name}`)));
  }

  save(file) {
    const link = make("a", undefined, { download: "network.safetensors", href: URL.createObjectURL(file) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}
