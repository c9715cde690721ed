"use strict";

// The calculator in its worker: a question is answered after those before it. What takes too long while another
// question waits is given up, and Python started anew.

const LONGEST = 8000; // milliseconds

class Calculator {
  constructor(place, told) {
    this.place = place;
    this.told = told;
    this.waiting = new Map();
    this.next = 1;
    this.start();
  }

  start() {
    this.worker = new Worker("worker.js", { type: "module" });
    this.ready = new Promise((done) => { this.done = done; });
    this.worker.addEventListener("message", (event) => this.hear(event.data));
    this.worker.addEventListener("error", (event) => { event.preventDefault(); this.told("failed", event.message || "the worker could not be started"); });
    this.worker.postMessage({ start: this.place });
  }

  hear(said) {
    if (said.ready) { this.done(); this.told("ready"); return; }
    if (said.failed) { this.told("failed", said.failed); return; }
    const waits = this.waiting.get(said.id);
    this.waiting.delete(said.id);
    waits?.(said.reply);
  }

  // Asks, and gives what is answered; null where the question was given up.
  async ask(question) {
    await this.ready;
    const id = this.next++;
    return new Promise((done) => {
      this.waiting.set(id, (reply) => { clearTimeout(timer); done(reply); });
      const timer = setTimeout(() => this.giveUp(id), LONGEST);
      this.worker.postMessage({ id, question: JSON.stringify(question) });
    });
  }

  giveUp(id) {
    if (!this.waiting.has(id)) return;
    this.worker.terminate();
    const all = [...this.waiting.values()];
    this.waiting.clear();
    this.told("restarting");
    this.start();
    all.forEach((done) => done(null));
  }
}
