// Loads a model of TensorFlow.js and writes what it makes of the images on standard input, as JSON.
const fs = require("fs");
const path = require("path");
const [modules, file] = process.argv.slice(2);
const tf = require(path.join(modules, "@tensorflow/tfjs-core"));
const layers = require(path.join(modules, "@tensorflow/tfjs-layers"));
require(path.join(modules, "@tensorflow/tfjs-backend-cpu"));

const model = JSON.parse(fs.readFileSync(file, "utf8"));
const handler = {
  load: async () => {
    const [{ paths, weights }] = model.weightsManifest;
    const data = fs.readFileSync(path.join(path.dirname(file), paths[0]));
    const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
    return { modelTopology: model.modelTopology, weightSpecs: weights, weightData };
  },
};

async function main() {
  await tf.setBackend("cpu");
  const loaded = await layers.loadLayersModel(handler);
  const given = JSON.parse(fs.readFileSync(0, "utf8")).map(({ shape, values }) => tf.tensor(values, shape));
  const made = [loaded.predict(given.length > 1 ? given : given[0])].flat();
  const outputs = made.map((one) => [one.shape, Array.from(one.dataSync())]);
  console.log(JSON.stringify({ outputs, parameters: loaded.countParams() }));
}

main();
