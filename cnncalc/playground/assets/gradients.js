"use strict";

// TensorFlow.js has no kernel on WebAssembly for the gradient of a convolution for its filters. It is a convolution as
// well: of the images, with channels and images exchanged, by the gradient of the output with gaps of the stride.

const registerFilterGradient = () => {
  const kernelFunc = ({ inputs: { x, dy }, attrs: { strides, pad, filterShape }, backend }) => {
    const made = [];
    const run = (name, inputs, attrs) => {
      const result = tf.getKernel(name, "wasm").kernelFunc({ inputs, attrs, backend });
      made.push(result);
      return result;
    };
    const padded = (value, paddings) => run("PadV2", { x: value }, { paddings, constantValue: 0 });
    const shaped = (value, shape) => run("Reshape", { x: value }, { shape });
    const cut = (value, size) => run("Slice", { x: value }, { begin: size.map(() => 0), size });
    const turned = (value, perm) => run("Transpose", { x: value }, { perm });

    const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad);
    const [down, right] = [info.strideHeight, info.strideWidth], [images, high, wide, filters] = dy.shape;
    let gradient = dy;
    if (down > 1 || right > 1) {
      const gaps = padded(shaped(dy, [images, high, 1, wide, 1, filters]), [[0, 0], [0, 0], [0, down - 1], [0, 0], [0, right - 1], [0, 0]]);
      gradient = cut(shaped(gaps, [images, high * down, wide * right, filters]), [images, (high - 1) * down + 1, (wide - 1) * right + 1, filters]);
    }
    const { top, left } = info.padInfo;
    const below = Math.max(0, gradient.shape[1] + filterShape[0] - 1 - top - x.shape[1]);
    const beside = Math.max(0, gradient.shape[2] + filterShape[1] - 1 - left - x.shape[2]);
    const inputs = { x: turned(padded(x, [[0, 0], [top, below], [left, beside], [0, 0]]), [3, 1, 2, 0]), filter: turned(gradient, [1, 2, 0, 3]) };
    const product = run("Conv2D", inputs, { strides: 1, pad: "valid", dataFormat: "NHWC", dilations: 1, dimRoundingMode: undefined });
    const found = turned(cut(product, [product.shape[0], filterShape[0], filterShape[1], filters]), [1, 2, 0, 3]);
    made.filter((value) => value !== found).forEach(({ dataId }) => backend.disposeData(dataId));
    return found;
  };
  tf.registerKernel({ kernelName: "Conv2DBackpropFilter", backendName: "wasm", kernelFunc });
};
