"use strict";

// The panel with exercises: each is a group of answers to choose from, which is checked by itself. What an answer is
// worth is said in the words that the calculator has for it.

class Quiz {
  constructor(playground) {
    this.playground = playground;
    find("quiz-form").addEventListener("submit", (event) => { event.preventDefault(); this.begin(); });
  }

  async begin() {
    const { calculator } = this.playground;
    if (!calculator || this.busy) return;
    this.busy = true;
    const field = (name) => find(`quiz-${name}`).value, language = field("language");
    find("quiz-status").lang = "en";
    this.say(COMPUTING);
    const reply = await calculator.ask({ ask: "quiz", topic: field("topic"), level: Number(field("level")), count: field("count"), seed: field("seed"), language });
    this.busy = false;
    if (!reply || reply.error) {
      this.say(reply ? [reply.error.message, ...reply.error.hints].join("; ") : "that took too long");
      return;
    }
    this.words = reply.words;
    this.answered = [];
    const list = find("quiz-exercises");
    list.lang = find("quiz-status").lang = language;
    list.replaceChildren(...reply.exercises.map((exercise, at) => this.exercise(exercise, at)));
    this.score();
    list.querySelector("input")?.focus();
  }

  say(text) { find("quiz-status").textContent = text; }
  filled(text, values) { return text.replace(/\{(\w+)\}/g, (_, name) => values[name]); }
  score() { this.say(this.filled(this.words.score, { right: this.answered.filter(Boolean).length, asked: this.answered.length })); }

  exercise(exercise, at) {
    const form = make("form", undefined, { class: "exercise" }), group = make("fieldset"), legend = make("legend", `${at + 1}. `);
    legend.append(make("span", exercise.about, { class: "quietly" }));
    group.append(legend, make("p", exercise.question));
    if (exercise.layers.length) group.append(this.list("ol", exercise.layers));
    if (exercise.given.length) group.append(this.given(exercise.given));
    const long = exercise.options.some(({ text }) => text.length > 17);
    const options = make("div", undefined, { class: long ? "options long" : "options" });
    exercise.options.forEach(({ text }, place) => {
      const label = make("label"), input = make("input", undefined, { type: "radio", name: `quiz-${at}`, value: String(place), required: "" });
      label.append(input, ` ${this.letter(place)}  ${text}`);
      options.append(label);
    });
    const told = make("div", undefined, { class: "told", "aria-live": "polite" });
    group.append(options, make("button", this.words.check, { type: "submit" }), told);
    form.append(group);
    form.addEventListener("submit", (event) => { event.preventDefault(); this.check(exercise, form, told); });
    return form;
  }

  letter(place) { return "ABCD"[place]; }

  list(kind, texts) {
    const list = make(kind);
    list.append(...texts.map((text) => make("li", text)));
    return list;
  }

  given(grids) {
    const box = make("div", undefined, { class: "grids", tabindex: "0", role: "group", "aria-label": grids.map((grid) => grid.title).join(", ") });
    for (const { title, rows } of grids) {
      const table = make("table", undefined, { class: "values" }), body = make("tbody");
      table.append(make("caption", title));
      for (const row of rows) {
        const line = make("tr");
        line.append(...row.map((text) => make("td", text)));
        body.append(line);
      }
      table.append(body);
      box.append(table);
    }
    return box;
  }

  check(exercise, form, told) {
    const chosen = form.querySelector("input:checked");
    if (!chosen || form.dataset.done) return;
    form.dataset.done = "yes";
    const place = Number(chosen.value), right = place === exercise.right, { options } = exercise;
    form.querySelectorAll("input").forEach((one) => { one.disabled = one !== chosen; });
    form.querySelector("button").setAttribute("aria-disabled", "true"); // and not disabled, which would lose the focus
    form.querySelectorAll("label")[exercise.right].classList.add("right");
    if (!right) form.querySelectorAll("label")[place].classList.add("wrong");
    const verdict = right ? this.words.right : this.filled(this.words.wrong, { mistake: options[place].mistake });
    const parts = [make("p", verdict, { class: right ? "right" : "wrong" })];
    if (!right) parts.push(make("p", this.filled(this.words.answer, { letter: this.letter(exercise.right), answer: options[exercise.right].text })));
    const steps = make("dl");
    for (const [quantity, text] of exercise.worked) steps.append(make("dt", quantity), make("dd", text));
    told.replaceChildren(...parts, steps);
    this.answered.push(right);
    this.score();
  }
}
