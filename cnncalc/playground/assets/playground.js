"use strict";

const find = (id) => document.getElementById(id);
const KEPT = "cnncalc-playground-text";
const STARTING = "Python is starting …", RESTARTING = "That took too long; Python is starting anew …", COMPUTING = "Computing …";

const TOO_LARGE = { message: `this network takes more than ${LONGEST / 1000} seconds to count, and the page gives up`, hints: ["the command line counts networks of any size: cnncalc shapes FILE"] };

const packed = async (text) => {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const data = new Uint8Array(await new Response(stream).arrayBuffer());
  return btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const unpacked = async (word) => {
  const data = Uint8Array.from(atob(word.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > 1000000) throw new Error("too long"); // a link of a stranger that would unpack without end
    parts.push(value);
  }
  return new TextDecoder().decode(await new Blob(parts).arrayBuffer());
};

const kept = {
  get() { try { return localStorage.getItem(KEPT); } catch { return null; } },
  set(text) { try { localStorage.setItem(KEPT, text); } catch { /* a browser that keeps nothing */ } },
};

class Playground {
  constructor() {
    this.editor = new Editor(find("text"), find("colours"), JSON.parse(find("words").textContent));
    this.result = find("result");
    this.libraries = JSON.parse(document.body.dataset.libraries);
    this.shownText = this.editor.text; // whose network is shown
    this.asked = "";
    this.pictured = "";
    this.editor.field.addEventListener("input", () => { kept.set(this.editor.text); this.refresh(); });
    this.editor.field.addEventListener("keyup", () => this.atCursor());
    this.editor.field.addEventListener("click", () => this.atCursor());
    find("examples").addEventListener("change", () => this.example());
    find("share").addEventListener("click", () => this.share());
    find("save").addEventListener("click", () => this.save());
    window.addEventListener("hashchange", () => this.fromLink());
    this.follow(this.section.view ?? this.view());
    this.training = new Training(this);
    this.values = new Values(this);
    this.quiz = new Quiz(this);
    this.tabs();
    this.drops();
  }

  // Files that are dropped anywhere go where they fit; a browser would show them in the place of the page.
  drops() {
    const holds = (event) => event.dataTransfer?.types.includes("Files");
    window.addEventListener("dragover", (event) => { if (holds(event)) event.preventDefault(); });
    window.addEventListener("drop", (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      this.dropped([...event.dataTransfer.files]);
    });
  }

  async dropped(files) {
    if (!files.length) return;
    if (!find("panel-training").hidden) { this.training.read(files); return; }
    if (!find("panel-values").hidden && files[0].type.startsWith("image/")) { this.values.readImage(files[0]); return; }
    const text = files[0].size < 1000000 ? await files[0].text().catch(() => "\0") : "\0";
    if (text.includes("\0") || text.includes("\ufffd")) this.say(`${files[0].name} is not the text of a network; the tabs Values and Training take images.`);
    else this.editor.put(text);
  }

  // One of the panels is seen; the arrows go from tab to tab.
  tabs() {
    const tabs = [...document.querySelectorAll("[role=tab]")];
    const choose = (tab) => tabs.forEach((one) => {
      const chosen = one === tab;
      one.setAttribute("aria-selected", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
      find(one.getAttribute("aria-controls")).hidden = !chosen;
      if (chosen) document.body.classList.toggle("other-panel", one.id !== "tab-network");
      if (chosen && one.id === "tab-values") this.values.show();
    });
    tabs.forEach((tab, at) => {
      tab.addEventListener("click", () => choose(tab));
      tab.addEventListener("keydown", (event) => {
        const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
        const other = tabs[to];
        if (other && other !== tab) { event.preventDefault(); choose(other); other.focus(); }
      });
    });
  }

  get section() { return this.result.querySelector("section.network"); }
  say(text) { find("status").textContent = text; }

  // What has come to its end is not said any more; anything else that is said by now stays.
  ended(...texts) { if (texts.includes(find("status").textContent)) this.say(""); }

  async start() {
    if (!(await this.fromLink())) {
      const text = kept.get();
      if (text) this.begin(text);
    }
    await this.keepOffline();
    this.calculator = new Calculator({ pyodide: new URL(this.libraries.pyodide["pyodide.mjs"], location).href.replace(/[^/]*$/, ""), archive: "cnncalc.xz" }, (event, why) => this.told(event, why));
    navigator.serviceWorker?.controller?.postMessage("keep"); // the files that were there before it, or come later
    await this.calculator.ready;
    this.changed = true;
    this.refresh();
  }

  // Waits until the files go through the worker that checks and keeps them, where the browser has one.
  async keepOffline() {
    if (!navigator.serviceWorker) return;
    const controlled = new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
    try {
      await navigator.serviceWorker.register("service.js");
      if (!navigator.serviceWorker.controller) await Promise.race([controlled, new Promise((done) => setTimeout(done, 4000))]);
    } catch { /* a server without https: the page works, but only with a network */ }
  }

  told(event, why) {
    if (event === "ready") this.ended(STARTING, RESTARTING);
    else if (event === "restarting") this.say(RESTARTING);
    else this.say(`Python could not be started: ${why}. The page needs a network on its first visit.`);
  }

  begin(text) {
    this.editor.field.value = text;
    this.editor.colour();
  }

  // ---- the network, as the text changes

  async refresh() {
    this.changed = true;
    if (this.busy || !this.calculator) return;
    this.busy = true;
    while (this.changed) {
      this.changed = false;
      await this.compute(this.editor.text);
    }
    this.busy = false;
  }

  async compute(text) {
    performance.mark("asked");
    const slow = setTimeout(() => find("status").textContent || this.say(COMPUTING), 400);
    const quick = await this.calculator.ask({ ask: "network", text });
    clearTimeout(slow);
    this.ended(COMPUTING);
    if (this.changed) return;
    if (!quick) { this.take({ error: TOO_LARGE }, text); return; }
    if (!this.take(quick, text) || this.changed) return;
    performance.measure("redraw", "asked");
    await new Promise((done) => setTimeout(done, 120));
    if (this.changed) return;
    const whole = await this.calculator.ask({ ask: "network", text, whole: true });
    if (this.changed) return;
    if (whole) this.take(whole, text);
    else this.faults([], [...quick.notes, TOO_LARGE]);
  }

  // Shows an answer; says whether it has a network.
  take(reply, text) {
    this.faults(reply.error ? [reply.error, ...(reply.further || [])] : [], reply.notes || []);
    if (reply.error) this.editor.choose(0);
    document.body.classList.toggle("stale", Boolean(reply.error));
    if (reply.error) return false;
    const before = this.section.view, memory = this.section.querySelector(".memory");
    const place = document.scrollingElement.scrollTop, table = before.table.scrollTop;
    before.close();
    this.result.innerHTML = reply.html; // made by the calculator, which escapes what the text brings
    if (memory && !this.section.querySelector(".timeline")) this.section.querySelector(".memory").replaceWith(memory);
    find("totals").innerHTML = reply.totals;
    this.shownText = text;
    this.elsewhere = reply.notes.some((note) => note.spec); // lines of the spec are none of the text
    const view = this.view(before);
    view.table.scrollTop = table;
    document.scrollingElement.scrollTop = place;
    this.follow(view);
    return true;
  }

  view(before) {
    const section = this.section;
    const facts = JSON.parse(section.querySelector("script[type='application/json']").textContent);
    section.view = new View(section, { ...facts, elsewhere: this.elsewhere }, before);
    return section.view;
  }

  follow(view) {
    this.values?.changed();
    const line = () => (this.elsewhere ? 0 : view.facts.rows[view.chosen - 1][2]);
    this.section.addEventListener("chosen", () => { this.editor.choose(line()); this.layer(); });
    this.editor.choose(line());
    this.layer();
  }

  // The pictures of the chosen layer, after the rest.
  layer() {
    clearTimeout(this.later);
    this.later = setTimeout(async () => {
      const name = this.section.view.name, text = this.shownText;
      if (!this.calculator || this.pictured === `${name}\n${text}`) return;
      const reply = await this.calculator.ask({ ask: "layer", text, layer: name });
      if (!reply || reply.error || text !== this.shownText || name !== this.section.view.name) return;
      this.pictured = `${name}\n${text}`;
      const titles = { window: `Window of ${name}`, field: `Receptive field of ${name}` };
      find("layer").replaceChildren(...Object.entries(reply.pictures).flatMap(([style, drawing]) => {
        const box = make("div", undefined, { class: "picture", tabindex: "0", role: "region", "aria-label": titles[style] });
        box.innerHTML = drawing;
        return [make("h2", titles[style]), box];
      }));
    }, 150);
  }

  atCursor() {
    const view = this.section.view, line = this.editor.cursor;
    if (this.elsewhere || this.shownText !== this.editor.text || line === this.editor.line) return;
    const index = view.facts.rows.findIndex((row) => row[2] === line) + 1;
    if (index) view.choose(index, true);
  }

  // ---- faults, under the words that they are about

  faults(errors, notes) {
    const marks = [...errors.map((one) => ({ ...one, kind: "error" })), ...notes.map((one) => ({ ...one, kind: "note" }))];
    this.editor.mark(marks.filter((one) => one.start !== undefined));
    this.editor.field.setAttribute("aria-invalid", String(errors.length > 0));
    find("faults").replaceChildren(...marks.map((one) => {
      const box = make("div", undefined, { class: one.kind });
      box.append(make("p", one.line ? `Line ${one.line}: ${one.message}` : one.message[0].toUpperCase() + one.message.slice(1)));
      if (one.detail) box.append(make("p", one.detail, { class: "sum" }));
      const list = make("ul");
      list.append(...[...(one.hints || []), ...(one.trail || [])].map((hint) => make("li", hint)));
      if (list.childNodes.length) box.append(list);
      if (one.picture) box.append(this.drawing(one.picture));
      if (one.spec) box.append(this.replacing(one.spec));
      if (one.start !== undefined) box.addEventListener("click", () => this.goTo(one.start, one.end));
      return box;
    }));
  }

  drawing(text) {
    const box = make("div", undefined, { class: "picture", tabindex: "0", role: "region", "aria-label": "The window that does not fit" });
    box.innerHTML = text;
    return box;
  }

  // A button that puts the spec of a text in another format into its place.
  replacing(spec) {
    const button = make("button", "Put its spec here", { type: "button" });
    button.addEventListener("click", () => this.editor.put(spec));
    return button;
  }

  goTo(start, end) {
    const units = (offset) => [...this.editor.text].slice(0, offset).join("").length;
    this.editor.field.focus();
    this.editor.field.setSelectionRange(units(start), units(end));
  }

  // ---- texts in and out

  async example() {
    const option = find("examples").selectedOptions[0];
    find("examples").selectedIndex = 0;
    let text = option.dataset.text;
    if (text === undefined) {
      if (!option.value) return;
      text = (await this.calculator?.ask({ ask: "spec", name: option.value }))?.text;
    }
    if (text) this.editor.put(text);
  }

  async share() {
    const place = `${location.href.split("#")[0]}#1.${await packed(this.editor.text)}`;
    history.replaceState(null, "", place);
    try {
      await navigator.clipboard.writeText(place);
      this.say("The link is copied. It holds the text itself, which no server gets.");
    } catch {
      this.say("The link is in the address bar. It holds the text itself, which no server gets.");
    }
  }

  async fromLink() {
    const word = location.hash.match(/^#1\.([\w-]+)$/)?.[1];
    if (!word) return false;
    try {
      const text = await unpacked(word);
      this.begin(text);
      this.refresh();
      return true;
    } catch {
      this.say("The link is damaged; its text cannot be read.");
      return false;
    }
  }

  save() {
    const link = make("a", undefined, { download: "network.txt", href: URL.createObjectURL(new Blob([this.editor.text], { type: "text/plain" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}

if (location.protocol === "file:") {
  find("status").textContent = "A browser runs Python only in pages from a server. cnncalc playground FOLDER --serve starts one.";
} else {
  start(); // the view of the network that stands in the page already
  const playground = new Playground();
  window.playground = playground;
  playground.start();
}
