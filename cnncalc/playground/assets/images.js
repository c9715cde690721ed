"use strict";

// Images to train on: the digits that come with the page, and files of MNIST, CIFAR-10 or one's own. A set is
// { names, shape: [H, W, C], train: { pixels, labels }, test: { pixels, labels } }, pixels as bytes, channels last.

const CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const MOST_PIXELS = 400e6; // bytes of all images; a tab has no more memory to spare
const TEST_SHARE = 6; // without a test set, one of so many images of a class is kept for it

const numbered = (count) => Array.from({ length: count }, (_, at) => String(at));

// Optical recognition of handwritten digits (Alpaydin and Kaynak, 1998; UCI, CC BY 4.0), 1,797 images of 8x8, a
// byte from 0 to 16 for each pixel, in the split of `cnncalc train --data digits`; then the labels.
const digits = async () => {
  const data = new Uint8Array(await (await fetch("digits.bin")).arrayBuffer());
  const train = 1437, test = 360, size = 64, all = (train + test) * size;
  const pixels = data.subarray(0, all).map((value) => even((255 * value) / 16));
  const labels = Int32Array.from(data.subarray(all));
  return {
    name: "digits", names: numbered(10), shape: [8, 8, 1],
    train: { pixels: pixels.subarray(0, train * size), labels: labels.subarray(0, train) },
    test: { pixels: pixels.subarray(train * size), labels: labels.subarray(train) },
  };
};

// Rounds a half to the even neighbour, as NumPy does.
const even = (value) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

const bytesOf = async (file) => {
  const packed = file.name.endsWith(".gz");
  const stream = packed ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  const data = new Uint8Array(await new Response(stream).arrayBuffer());
  if (data.length > MOST_PIXELS) throw new Error(`${file.name} is too large for a page`);
  return data;
};

// IDX, the format of MNIST: a magic number, the sizes, the values.
const idx = async (file) => {
  const data = await bytesOf(file), view = new DataView(data.buffer);
  if (data.length < 4 || view.getUint16(0) !== 0 || data[2] !== 8) throw new Error(`${file.name} is not an IDX file of bytes`);
  const sizes = Array.from({ length: data[3] }, (_, at) => view.getUint32(4 + 4 * at)), values = data.subarray(4 + 4 * data[3]);
  if (values.length !== sizes.reduce((one, other) => one * other, 1)) throw new Error(`${file.name} is cut off or damaged`);
  return { sizes, values };
};

const fromIdx = async (files) => {
  const parts = {};
  for (const file of files) {
    const part = /train/i.test(file.name) ? "train" : "test", read = await idx(file);
    parts[part] = { ...parts[part], [read.sizes.length === 1 ? "labels" : "images"]: read };
  }
  const made = {};
  for (const part of ["train", "test"]) {
    const { images, labels } = parts[part] || {};
    if (!images || !labels || images.sizes[0] !== labels.sizes[0]) throw new Error(`MNIST has images and labels to train and to test with: four files; those to ${part} with are not all there`);
    made[part] = { pixels: images.values, labels: Int32Array.from(labels.values) };
  }
  const [, high, wide] = parts.train.images.sizes;
  return { name: "IDX files", names: numbered(Math.max(...new Set(made.train.labels)) + 1), shape: [high, wide, 1], ...made };
};

// CIFAR-10's binary files: a label, then 32x32 red, green and blue bytes.
const fromCifar = async (files) => {
  const record = 3073, parts = { train: [], test: [] };
  for (const file of files) {
    const data = await bytesOf(file);
    if (!data.length || data.length % record) throw new Error(`${file.name} is not a binary file of CIFAR-10`);
    parts[/test/i.test(file.name) ? "test" : "train"].push(data);
  }
  const made = Object.fromEntries(Object.entries(parts).map(([part, all]) => [part, cifarPart(all, record)]));
  return { name: "CIFAR-10", names: CIFAR, shape: [32, 32, 3], ...withTest(made.train, made.test, 3072) };
};

const cifarPart = (all, record) => {
  const count = all.reduce((sum, data) => sum + data.length / record, 0);
  const pixels = new Uint8Array(count * 3072), labels = new Int32Array(count);
  let image = 0;
  for (const data of all) {
    for (let from = 0; from < data.length; from += record, image += 1) {
      labels[image] = data[from];
      for (let at = 0; at < 1024; at += 1) for (let channel = 0; channel < 3; channel += 1) pixels[(image * 1024 + at) * 3 + channel] = data[from + 1 + channel * 1024 + at];
    }
  }
  return { pixels, labels };
};

// Keeps images of every class for testing where there are none.
const withTest = (train, test, size) => {
  if (test?.labels.length) return { train, test };
  const seen = new Map(), kept = [[], []];
  train.labels.forEach((label, at) => {
    const times = seen.get(label) || 0;
    seen.set(label, times + 1);
    kept[times % TEST_SHARE === TEST_SHARE - 1 ? 1 : 0].push(at);
  });
  const some = (places) => {
    const pixels = new Uint8Array(places.length * size);
    places.forEach((place, at) => pixels.set(train.pixels.subarray(place * size, (place + 1) * size), at * size));
    return { pixels, labels: Int32Array.from(places, (place) => train.labels[place]) };
  };
  return { train: some(kept[0]), test: some(kept[1]) };
};

const canvasOf = (high, wide) => new OffscreenCanvas(wide, high).getContext("2d", { willReadFrequently: true });

// An image in another size, its channels as bytes: red, green and blue, or the brightness of these.
const pixelsOf = async (file, [high, wide, channels], context = canvasOf(high, wide)) => {
  const bitmap = await createImageBitmap(file).catch(() => { throw new Error(`${file.name} is not an image that the browser reads`); });
  context.drawImage(bitmap, 0, 0, wide, high);
  bitmap.close();
  const { data } = context.getImageData(0, 0, wide, high);
  return Uint8Array.from({ length: high * wide * channels }, (_, at) => {
    const from = 4 * Math.floor(at / channels);
    return channels === 3 ? data[from + (at % 3)] : Math.round(0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2]);
  });
};

// A folder of images: that in which an image lies is its class, and one above may be called train or test.
const fromFolder = async (files, [high, wide, channels]) => {
  const images = files.filter((file) => file.type.startsWith("image/"));
  const classOf = (file) => (file.webkitRelativePath || file.name).split("/").slice(-2, -1)[0] || "";
  const names = [...new Set(images.map(classOf))].sort();
  if (names.length < 2) throw new Error("a folder of images has a folder for every class, at least two");
  if (images.length * high * wide * channels > MOST_PIXELS) throw new Error(`${images.length} images of ${high}x${wide}x${channels} are too many for a page`);
  const context = canvasOf(high, wide), parts = { train: { pixels: [], labels: [] }, test: { pixels: [], labels: [] } };
  for (const file of images) {
    const part = parts[/(^|\/)(test|val|valid|validation)\//i.test(file.webkitRelativePath) ? "test" : "train"];
    part.pixels.push(await pixelsOf(file, [high, wide, channels], context));
    part.labels.push(names.indexOf(classOf(file)));
  }
  const size = high * wide * channels, joined = ({ pixels, labels }) => {
    const all = new Uint8Array(pixels.length * size);
    pixels.forEach((values, at) => all.set(values, at * size));
    return { pixels: all, labels: Int32Array.from(labels) };
  };
  return { name: "a folder", names, shape: [high, wide, channels], ...withTest(joined(parts.train), joined(parts.test), size) };
};

// What files hold, by their names.
const fromFiles = async (files, shape) => {
  if (files.every((file) => /ubyte|idx/i.test(file.name))) return fromIdx(files);
  if (files.every((file) => /\.bin$/i.test(file.name))) return fromCifar(files);
  if (files.some((file) => file.type.startsWith("image/"))) {
    if (shape.length !== 3) throw new Error("a folder of images is for networks of images, such as `input 32x32x3`");
    return fromFolder(files, shape);
  }
  throw new Error("these files are neither MNIST's (-ubyte, also .gz), nor CIFAR-10's binary ones (.bin), nor a folder of images");
};

// Images as a network takes them: grey ones for three channels, and smaller ones with a border of black. A network of
// signals reads the pixels of an image row by row, as one signal.
const suited = (set, { input, image: { high, wide, channels } }) => {
  const [rows, columns, own] = set.shape;
  if (input.length === 2 && rows * columns === wide && own === channels) return set;
  if (rows === high && columns === wide && own === channels) return set;
  const pads = input.length === 3 && high >= rows && wide >= columns && high - rows <= 8 && wide - columns <= 8;
  if (!pads || (own !== channels && own !== 1)) throw new Error(`the images are ${set.shape.join("x")}, and the network's input is ${input.join("x")}${set.name === "digits" ? "; the example “A network for the digits” takes them" : ""}`);
  const top = (high - rows) >> 1, left = (wide - columns) >> 1;
  const changed = ({ pixels, labels }) => {
    const all = new Uint8Array(labels.length * high * wide * channels);
    for (let image = 0; image < labels.length; image += 1) for (let y = 0; y < rows; y += 1) for (let x = 0; x < columns; x += 1) for (let channel = 0; channel < channels; channel += 1) {
      all[((image * high + y + top) * wide + x + left) * channels + channel] = pixels[((image * rows + y) * columns + x) * own + (own === 1 ? 0 : channel)];
    }
    return { pixels: all, labels };
  };
  return { ...set, shape: [high, wide, channels], train: changed(set.train), test: changed(set.test) };
};
