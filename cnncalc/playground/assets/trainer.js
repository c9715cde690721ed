"use strict";

// The worker that trains, so that the page never waits. It knows the model, the images and the recipe as data.

importScripts("random.js", "optimizers.js", "gradients.js", "layers.js");

const SHOWN = 12; // images of the test whose predictions are shown
const MOST_TESTED = 2000; // test images after an epoch
const MAPS = 16; // channels of a layer that are shown

const inverse = (order) => order.map((_, place) => order.indexOf(place));
const product = (sizes) => sizes.reduce((one, other) => one * other, 1);

// What PyTorch has, from what Keras has, and the other way: see `Rearranged` in cnncalc/to_foreign/keras_model.py.
const torchShape = (weight, shape) => {
  if (weight.first.length) return weight.dense ? [weight.first[0], product(weight.first.slice(1))] : [product(weight.first.slice(0, 2)), 1, ...weight.first.slice(2)];
  if (weight.last.length) return [product(shape)];
  return weight.order.length ? inverse(weight.order).map((axis) => shape[axis]) : shape;
};
const fromTorch = (values, weight, shape) => tf.tidy(() => {
  let value = tf.tensor(values, weight.first.length ? weight.first : torchShape(weight, shape));
  if (weight.order.length) value = tf.transpose(value, weight.order);
  return tf.reshape(value, shape);
});
const toTorch = (tensor, weight) => tf.tidy(() => {
  if (!weight.order.length) return tensor.dataSync();
  const before = weight.first.length ? weight.first : torchShape(weight, tensor.shape);
  const mid = weight.order.map((axis) => before[axis]);
  return tf.transpose(tf.reshape(tensor, mid), inverse(weight.order)).dataSync();
});

class Trainer {
  constructor(plan, model, data) {
    Object.assign(this, { plan, model, data, ...plan.image });
    this.random = new TorchRandom(plan.recipe.seed); // of augmentation and dropout, another stream than PyTorch's
    this.weights = plan.weights.map((weight) => ({ ...weight, variable: this.variable(weight), state: {} }));
    this.learned = this.weights.filter((weight) => weight.variable.trainable);
    this.initialise();
    this.statistics();
    this.maps = tf.model({ inputs: model.inputs, outputs: model.layers.slice(1).map((layer) => layer.getOutputAt(0)) });
    this.settings = Object.fromEntries(Object.entries(plan.recipe).map(([name, value]) => [name.replace(/-/g, "_"), value]));
    this.step = 0;
    this.factor = 1;
    this.steps = plan.bounds.length - 1;
    this.losses = [];
  }

  variable(weight) { return this.model.getLayer(weight.layer).weights[weight.place].val; }

  // First weights as `cnncalc train` has them, drawn in the same order from the same generator.
  initialise() {
    const random = new TorchRandom(this.plan.recipe.seed);
    for (const weight of this.weights) {
      const { shape } = weight.variable, count = product(shape), torch = torchShape(weight, shape);
      let values = null;
      if (weight.start.length) values = Float32Array.from({ length: count }, (_, at) => weight.start[at % weight.start.length]);
      else if (weight.filters_at !== null && weight.name === "weight") values = random.normal(count, Math.sqrt(2 / (torch[weight.filters_at] * product(torch.slice(2)))));
      else if (weight.filters_at !== null) values = new Float32Array(count);
      else if (weight.dense) {
        if (weight.name === "weight") this.inputs = torch[1];
        values = random.uniform(count, 1 / Math.sqrt(this.inputs));
      }
      if (values) this.assign(weight, values);
    }
  }

  assign(weight, values) {
    const tensor = fromTorch(values, weight, weight.variable.shape);
    weight.variable.assign(tensor);
    tensor.dispose();
  }

  // Mean and deviation of every channel of the training images, of pixels between 0 and 1.
  statistics() {
    const { channels } = this, { pixels } = this.data.train;
    const sums = new Float64Array(channels), squares = new Float64Array(channels);
    for (let at = 0; at < pixels.length; at += 1) {
      const value = pixels[at] / 255;
      sums[at % channels] += value;
      squares[at % channels] += value * value;
    }
    const count = pixels.length / channels, how = this.plan.recipe.normalise;
    this.mean = Array.from(sums, (sum) => ({ data: sum / count, half: 0.5, none: 0 })[how]);
    this.deviation = Array.from(squares, (square, at) => (how === "data" ? Math.sqrt(Math.max(0, square / count - (sums[at] / count) ** 2)) || 1 : 1));
  }

  // ---- batches

  batch(part, places, changes) {
    const size = this.high * this.wide * this.channels;
    const images = new Float32Array(places.length * size);
    places.forEach((place, at) => this.place(part.pixels.subarray(place * size, (place + 1) * size), images, at * size, changes?.(place)));
    const labels = Int32Array.from(places, (place) => part.labels[place]);
    return { images: tf.tensor(images, [places.length, ...this.plan.input]), labels };
  }

  // Copies an image, mirrored and moved; what moves in from outside is 0 or reflected.
  place(pixels, images, offset, change) {
    const { high, wide, channels } = this, { flip, down, right } = change || { flip: false, down: 0, right: 0 };
    const reflected = this.plan.recipe.fill === "reflect";
    const inside = (at, size) => (reflected ? (at < 0 ? -at : at >= size ? 2 * size - 2 - at : at) : at);
    let to = offset;
    for (let y = 0; y < high; y += 1) {
      const row = inside(y + down, high);
      for (let x = 0; x < wide; x += 1) {
        const moved = inside(x + right, wide), column = flip ? wide - 1 - moved : moved;
        const out = row < 0 || row >= high || moved < 0 || moved >= wide;
        for (let channel = 0; channel < channels; channel += 1, to += 1) {
          images[to] = out ? 0 : (pixels[(row * wide + column) * channels + channel] / 255 - this.mean[channel]) / this.deviation[channel];
        }
      }
    }
  }

  change(epoch) {
    const { flip, shift } = this.plan.recipe, moved = () => Math.floor(this.random.unit() * (2 * shift + 1)) - shift;
    return (place) => ({
      flip: flip === "random" ? this.random.unit() < 0.5 : flip === "alternating" && (place + epoch) % 2 === 1,
      down: shift && this.high > 1 ? moved() : 0,
      right: shift ? moved() : 0,
    });
  }

  // ---- a step

  takeStep() {
    const epoch = Math.floor(this.step / this.steps), place = this.step % this.steps;
    if (place === 0 || !this.order) this.order = new TorchRandom(this.plan.orders[epoch]).order(this.data.train.labels.length);
    const places = Array.from(this.order.subarray(this.plan.bounds[place], this.plan.bounds[place + 1]));
    const { recipe } = this.plan, moves = recipe.flip !== "none" || recipe.shift > 0;
    const { images, labels } = this.batch(this.data.train, places, moves ? this.change(epoch) : null);
    const variables = this.learned.map((weight) => weight.variable);
    let right = 0;
    const { value, grads } = tf.variableGrads(() => {
      const logits = this.model.apply(images, { training: true });
      right = this.right(logits, labels);
      return this.loss(logits, labels);
    }, variables);
    this.move(grads, variables);
    const loss = value.dataSync()[0];
    tf.dispose([images, value, grads]);
    this.step += 1;
    this.losses.push(loss);
    return { loss, right, count: labels.length };
  }

  loss(logits, labels) {
    const { label_smoothing: smoothing } = this.settings, classes = this.plan.classes;
    const flat = tf.reshape(logits, [labels.length, classes]);
    const targets = tf.add(tf.mul(tf.oneHot(tf.tensor1d(labels, "int32"), classes), 1 - smoothing), smoothing / classes);
    return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(flat)), 1)));
  }

  right(logits, labels) {
    const found = tf.tidy(() => tf.argMax(tf.reshape(logits, [labels.length, this.plan.classes]), 1).dataSync());
    return labels.reduce((sum, label, at) => sum + (found[at] === label), 0);
  }

  move(grads, variables) {
    const { settings } = this, rate = this.plan.rates[Math.min(this.step, this.plan.rates.length - 1)] * this.factor;
    const rule = OPTIMIZERS[settings.optimizer];
    this.rate = rate;
    variables.forEach((variable, at) => {
      const weight = this.learned[at];
      tf.tidy(() => {
        const move = rule(grads[variable.name], weight.state, rate, settings, variable, weight.decays ? settings.weight_decay : 0);
        variable.assign(tf.add(variable, move));
      });
    });
  }

  // ---- what is looked at

  test(most = Infinity) {
    const { labels } = this.data.test, count = Math.min(most, labels.length);
    let right = 0;
    for (let from = 0; from < count; from += 250) {
      const places = Array.from({ length: Math.min(250, count - from) }, (_, at) => from + at);
      const { images, labels: some } = this.batch(this.data.test, places);
      tf.tidy(() => { right += this.right(this.model.predict(images), some); });
      images.dispose();
    }
    return right / count;
  }

  views(image) {
    const places = Array.from({ length: Math.min(SHOWN, this.data.test.labels.length) }, (_, at) => at);
    const { images } = this.batch(this.data.test, places);
    const shown = tf.tidy(() => {
      const predicted = tf.softmax(tf.reshape(this.model.predict(images), [places.length, this.plan.classes])).arraySync();
      const outputs = this.maps.predict(tf.slice(images, image, 1));
      const layers = this.model.layers.slice(1).map((layer, at) => this.map(layer.name, [outputs].flat()[at])).filter(Boolean);
      return { predicted, layers, filters: this.filters() };
    });
    images.dispose();
    return shown;
  }

  map(name, output) {
    const [high, wide, channels] = [1, ...output.shape.slice(1)].slice(-3), some = Math.min(MAPS, channels);
    if (![3, 4].includes(output.shape.length) || high * wide < 2) return null;
    const values = tf.transpose(tf.slice(tf.reshape(output, [high, wide, channels]), [0, 0, 0], [high, wide, some]), [2, 0, 1]).dataSync();
    return { name, high, wide, channels, values };
  }

  filters() {
    const first = this.weights.find((weight) => weight.filters_at === 0 && !weight.first.length && weight.name === "weight");
    if (!first) return null;
    const [high, wide, inputs, filters] = [1, ...first.variable.shape].slice(-4);
    const values = tf.transpose(tf.reshape(first.variable, [high, wide, inputs, filters]), [3, 0, 1, 2]).dataSync();
    return { layer: first.layer, high, wide, inputs, filters, values };
  }

  // All weights as PyTorch names and lays them out, as a safetensors file.
  file(metadata) {
    const header = { __metadata__: metadata }, parts = [];
    let offset = 0;
    for (const weight of this.weights) {
      const tensor = weight.variable, values = toTorch(tensor, weight);
      header[weight.key] = { dtype: "F32", shape: torchShape(weight, tensor.shape), data_offsets: [offset, offset + 4 * values.length] };
      offset += 4 * values.length;
      parts.push(Float32Array.from(values));
    }
    let text = JSON.stringify(header);
    text += " ".repeat((8 - (new TextEncoder().encode(text).length % 8)) % 8);
    const head = new TextEncoder().encode(text), size = new DataView(new ArrayBuffer(8));
    size.setBigUint64(0, BigInt(head.length), true);
    return new Blob([size.buffer, head, ...parts]);
  }
}

let trainer = null, running = false, image = 0, said = 0, tally = { right: 0, count: 0, loss: 0, steps: 0, since: 0 };

const load = async (files) => {
  const place = (ending) => files[Object.keys(files).find((name) => name.endsWith(ending))];
  importScripts(place("/tf-core.es2017.min.js"), place("/tf-layers.es2017.min.js"), place("/tf-backend-wasm.es2017.min.js"));
  tf.wasm.setWasmPaths(place("/tfjs-backend-wasm.wasm").replace(/[^/]*$/, ""));
  await tf.setBackend("wasm");
  await tf.ready();
  registerGradients();
  registerLayers();
};

const begin = async ({ plan, data }) => {
  trainer?.model.dispose();
  const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: JSON.parse(plan.model).modelTopology }));
  separateBias(model);
  trainer = new Trainer(plan, model, data);
  tally = { right: 0, count: 0, loss: 0, steps: 0, since: performance.now() };
  look();
};

const look = () => { self.postMessage({ views: trainer.views(image) }); said = performance.now(); };

const report = (last) => {
  const { steps, step } = trainer, seconds = (performance.now() - tally.since) / 1000;
  self.postMessage({
    progress: { step, epoch: step / steps, loss: tally.loss / tally.steps, accuracy: tally.right / tally.count, rate: trainer.rate, speed: tally.count / seconds, last },
  });
  tally = { right: 0, count: 0, loss: 0, steps: 0, since: performance.now() };
};

const one = () => {
  const { loss, right, count } = trainer.takeStep();
  tally = { ...tally, right: tally.right + right, count: tally.count + count, loss: tally.loss + loss, steps: tally.steps + 1 };
  const ended = trainer.step >= trainer.plan.rates.length;
  if (!Number.isFinite(loss)) { running = false; self.postMessage({ failed: "the loss is not finite any more; begin anew with a smaller learning rate" }); }
  const epoch = trainer.step % trainer.steps === 0;
  const now = performance.now();
  if (epoch) { self.postMessage({ tested: { epoch: trainer.step / trainer.steps, accuracy: trainer.test(MOST_TESTED) } }); aside(now); }
  if (performance.now() - tally.since > 250 || epoch || !running) report(ended);
  const looked = performance.now();
  if (looked - said > 700 || ended) { look(); aside(looked); }
  if (ended) running = false;
};

// Time that is not the training's.
const aside = (since) => { tally.since += performance.now() - since; };

const go = () => {
  const until = performance.now() + 100; // messages are heard in between
  while (running && performance.now() < until) one();
  if (running) setTimeout(go);
};

const DOES = {
  load,
  begin,
  go: () => { if (trainer && !running && trainer.step < trainer.plan.rates.length) { running = true; tally.since = performance.now(); go(); } },
  pause: () => { running = false; if (tally.steps) report(false); },
  steps: (count) => { for (let at = 0; at < count; at += 1) trainer.takeStep(); },
  step: () => { if (trainer && !running && trainer.step < trainer.plan.rates.length) { one(); look(); } },
  rate: (factor) => { if (trainer) trainer.factor = factor; },
  image: (number) => { image = number; if (trainer) look(); },
  save: (metadata) => self.postMessage({ file: trainer.file({ ...metadata, mean: JSON.stringify(trainer.mean), deviation: JSON.stringify(trainer.deviation) }) }),
  losses: () => self.postMessage({ losses: trainer.losses }),
};

self.addEventListener("message", async ({ data }) => {
  const [what, about] = Object.entries(data)[0];
  try {
    await DOES[what](about);
    self.postMessage({ done: what });
  } catch (error) {
    running = false;
    self.postMessage({ failed: String(error.message || error).split("\n")[0] });
  }
});
