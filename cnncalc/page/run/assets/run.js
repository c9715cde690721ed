"use strict";

// Charts answer to the pointer: a line stands where it points, and what the curves are there stands beside it. What is
// read off is computed back from the drawn lines, so that no number is in the page twice.

const AREA = 1000;

class Reader {
  constructor(drawing) {
    this.drawing = drawing;
    [this.first, this.last, this.low, this.high] = drawing.dataset.ends.split(" ").map(Number);
    this.lines = [...drawing.querySelectorAll(".line")].map((path) => ({ path, name: path.dataset.name, points: this.points(path) }));
  }

  points(path) {
    return [...path.getAttribute("d").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  }

  value(y) {
    const share = 1 - y / AREA;
    if (this.drawing.dataset.scale === "log") return this.low * (this.high / this.low) ** share;
    return this.low + (this.high - this.low) * share;
  }

  place(x) { return this.first + ((this.last - this.first) * x) / AREA; }

  at(x) { // the nearest point of each line that has one near
    const near = AREA / 20;
    return this.lines.flatMap(({ path, name, points }) => {
      let best;
      for (const point of points) if (!best || Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
      return best && Math.abs(best[0] - x) <= near ? [{ path, name, x: best[0], y: best[1] }] : [];
    });
  }
}

const MOST_READ = 9;
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);

const digits = (value) => (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2));

const readOff = (drawing, event) => {
  const box = drawing.querySelector("svg").getBoundingClientRect(), reader = new Reader(drawing);
  if (!box.width) return;
  const x = (AREA * (event.clientX - box.left)) / box.width, y = (AREA * (event.clientY - box.top)) / box.height;
  let found = reader.at(x);
  if (!found.length) { tip.hidden = true; return; }
  const nearest = found.reduce((one, other) => (Math.abs(other.x - x) < Math.abs(one.x - x) ? other : one));
  const steps = found.filter((one) => Math.abs(one.x - nearest.x) < 1 || found.length <= 3);
  found = steps.sort((one, other) => Math.abs(one.y - y) - Math.abs(other.y - y)).slice(0, MOST_READ).sort((one, other) => one.y - other.y);
  const head = document.createElement("p");
  head.textContent = `${drawing.dataset.across} ${digits(reader.place(nearest.x))}`;
  tip.replaceChildren(head, ...found.map((one) => {
    const line = document.createElement("p");
    line.textContent = `${one.name}: ${digits(reader.value(one.y))}${drawing.dataset.unit}`;
    return line;
  }));
  tip.hidden = false;
  const wide = document.documentElement.clientWidth;
  tip.style.left = `${Math.min(event.pageX + 14, window.scrollX + wide - tip.offsetWidth - 8)}px`;
  tip.style.top = `${event.pageY + 14}px`;
};

document.addEventListener("pointermove", (event) => {
  const drawing = event.target.closest ? event.target.closest("figure")?.querySelector(".chart") : null;
  if (drawing) readOff(drawing, event); else tip.hidden = true;
});

// A layer that is chosen in the network is marked among the gradient norms, too.
const markLayer = () => {
  const name = document.querySelector("section.network")?.view?.name;
  const lines = [...document.querySelectorAll("#gradients .line, #gradients .dots")];
  const known = lines.some((line) => line.dataset.name === name);
  let own = false;
  for (const line of lines) {
    if (line.dataset.name !== undefined) own = line.dataset.name === name;
    line.classList.toggle("chosen", known && own);
    line.classList.toggle("faded", known && !own);
  }
};
document.querySelector("section.network")?.addEventListener("chosen", markLayer);
