"use strict";

// TensorFlow.js has no kernels on WebAssembly for the gradients of a convolution for its filters, of a dilated one and of
// a depthwise one. Each is made here of convolutions that it has.

const STRIDE_1 = { strides: 1, pad: "valid", dataFormat: "NHWC", dilations: 1, dimRoundingMode: undefined };

// Kernels that run one after the other; what they made is given back at the end, but for the result.
class Kernels {
  constructor(backend) { Object.assign(this, { backend, made: [] }); }

  run(name, inputs, attrs = {}) {
    const result = tf.getKernel(name, "wasm").kernelFunc({ inputs, attrs, backend: this.backend });
    this.made.push(result);
    return result;
  }

  padded(x, paddings) { return this.run("PadV2", { x }, { paddings, constantValue: 0 }); }
  shaped(x, shape) { return this.run("Reshape", { x }, { shape }); }
  cut(x, size) { return this.run("Slice", { x }, { begin: size.map(() => 0), size }); }
  turned(x, perm) { return this.run("Transpose", { x }, { perm }); }
  reversed(x) { return this.run("Reverse", { x }, { dims: [0, 1] }); }

  // Puts zeros between the rows and columns, so that neighbours are as far apart as the stride of the convolution.
  spread(x, { strideHeight: down, strideWidth: right }) {
    if (down === 1 && right === 1) return x;
    const [images, high, wide, channels] = x.shape;
    const gaps = this.padded(this.shaped(x, [images, high, 1, wide, 1, channels]), [[0, 0], [0, 0], [0, down - 1], [0, 0], [0, right - 1], [0, 0]]);
    return this.cut(this.shaped(gaps, [images, high * down, wide * right, channels]), [images, (high - 1) * down + 1, (wide - 1) * right + 1, channels]);
  }

  // The images with the padding that the windows read, and no more.
  read(x, { padInfo: { top, left }, outHeight, outWidth, strideHeight, strideWidth, effectiveFilterHeight, effectiveFilterWidth }) {
    const below = Math.max(0, (outHeight - 1) * strideHeight + effectiveFilterHeight - top - x.shape[1]);
    const beside = Math.max(0, (outWidth - 1) * strideWidth + effectiveFilterWidth - left - x.shape[2]);
    return this.padded(x, [[0, 0], [top, below], [left, beside], [0, 0]]);
  }

  // The gradient of the output, with what a convolution by the turned filters needs around it to reach every input.
  reaching(dy, { padInfo: { top, left }, inHeight, inWidth, effectiveFilterHeight, effectiveFilterWidth, ...info }) {
    const gradient = this.spread(dy, info), [, high, wide] = gradient.shape;
    return this.padded(gradient, [
      [0, 0],
      [effectiveFilterHeight - 1 - top, inHeight + top - high],
      [effectiveFilterWidth - 1 - left, inWidth + left - wide],
      [0, 0],
    ]);
  }

  end(result) {
    this.made.filter((value) => value !== result).forEach(({ dataId }) => this.backend.disposeData(dataId));
    return result;
  }
}

// The gradient for the filters: a convolution of the images, with channels and images exchanged, by the gradient of the
// output with gaps of the stride. Its own stride is the dilation.
const filterGradient = (kernels, x, dy, info, filterShape) => {
  const images = kernels.turned(kernels.read(x, info), [3, 1, 2, 0]);
  const filter = kernels.turned(kernels.spread(dy, info), [1, 2, 0, 3]);
  const product = kernels.run("Conv2D", { x: images, filter }, { ...STRIDE_1, strides: [info.dilationHeight, info.dilationWidth] });
  return kernels.turned(kernels.cut(product, [product.shape[0], filterShape[0], filterShape[1], filterShape[3]]), [1, 2, 0, 3]);
};

// The gradient for the images: a convolution of the gradient with gaps of the stride, by the filters turned around.
const inputGradient = (kernels, dy, filter, info, dilations) =>
  kernels.run("Conv2D", { x: kernels.reaching(dy, info), filter: kernels.turned(kernels.reversed(filter), [0, 1, 3, 2]) }, { ...STRIDE_1, dilations });

// The same for filters that read one channel each; the filters of a channel add up.
const depthwiseInputGradient = (kernels, dy, filter, info) => {
  const [high, wide, channels, each] = filter.shape, count = channels * each;
  const turned = kernels.shaped(kernels.reversed(filter), [high, wide, count, 1]);
  const found = kernels.run("DepthwiseConv2dNative", { x: kernels.reaching(dy, info), filter: turned }, STRIDE_1);
  if (each === 1) return found;
  const apart = kernels.shaped(found, [...found.shape.slice(0, 3), channels, each]);
  return kernels.run("Sum", { x: apart }, { axis: [4], keepDims: false });
};

// Every value of a filter: the products of what it reads with the gradient, added up over images and positions.
const depthwiseFilterGradient = (kernels, x, dy, info, filterShape) => {
  const [high, wide, channels, each] = filterShape, [images, outHigh, outWide] = dy.shape, size = images * outHigh * outWide;
  const read = kernels.read(x, info), gradient = kernels.shaped(dy, [size, channels, each]);
  const values = Array.from({ length: high * wide }, (_, at) => {
    const [top, left] = [Math.floor(at / wide), at % wide];
    const end = [images, top + (outHigh - 1) * info.strideHeight + 1, left + (outWide - 1) * info.strideWidth + 1, channels];
    const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
    const seen = kernels.run("StridedSlice", { x: read }, { begin: [0, top, left, 0], end, strides: [1, info.strideHeight, info.strideWidth, 1], ...masks });
    const product = kernels.run("Multiply", { a: kernels.shaped(seen, [size, channels, 1]), b: gradient });
    return kernels.shaped(kernels.run("Sum", { x: product }, { axis: [0], keepDims: false }), [1, channels * each]);
  });
  const all = values.length > 1 ? kernels.run("Concat", values, { axis: 0 }) : values[0];
  return kernels.shaped(all, filterShape);
};

const registerKernel = (kernelName, work) => tf.registerKernel({
  kernelName,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs, backend }) => {
    const kernels = new Kernels(backend);
    return kernels.end(work(kernels, inputs, attrs));
  },
});

// The gradient of TensorFlow.js for a convolution refuses a dilation; this one hands it on to the kernels.
const registerDilatedGradient = () => {
  tf.unregisterGradient("Conv2D");
  tf.registerGradient({
    kernelName: "Conv2D",
    inputsToSave: ["x", "filter"],
    gradFunc: (dy, [x, filter], attrs) => {
      const dilated = [attrs.dilations].flat().some((dilation) => dilation > 1);
      return {
        x: () => tf.engine().runKernel(dilated ? "DilatedConv2DBackpropInput" : "Conv2DBackpropInput", { dy, filter }, { ...attrs, inputShape: x.shape }),
        filter: () => tf.engine().runKernel("Conv2DBackpropFilter", { x, dy }, { ...attrs, filterShape: filter.shape }),
      };
    },
  });
};

const registerGradients = () => {
  const windows = (shape, filterShape, { strides, dilations, pad }, depthwise = false) =>
    tf.backend_util.computeConv2DInfo(shape, filterShape, strides, dilations ?? 1, pad, undefined, depthwise);
  registerKernel("Conv2DBackpropFilter", (kernels, { x, dy }, attrs) =>
    filterGradient(kernels, x, dy, windows(x.shape, attrs.filterShape, attrs), attrs.filterShape));
  registerKernel("DilatedConv2DBackpropInput", (kernels, { dy, filter }, attrs) =>
    inputGradient(kernels, dy, filter, windows(attrs.inputShape, filter.shape, attrs), attrs.dilations));
  registerKernel("DepthwiseConv2dNativeBackpropFilter", (kernels, { x, dy }, attrs) =>
    depthwiseFilterGradient(kernels, x, dy, windows(x.shape, attrs.filterShape, attrs, true), attrs.filterShape));
  registerKernel("DepthwiseConv2dNativeBackpropInput", (kernels, { dy, filter }, attrs) =>
    depthwiseInputGradient(kernels, dy, filter, windows(attrs.inputShape, filter.shape, attrs, true)));
  registerDilatedGradient();
};

// A layer joins its convolution and bias in one operation, whose gradient refuses a dilation; here it makes two of them.
const separateBias = (model) => {
  const dilated = model.layers.filter((layer) => layer.getClassName() === "Conv2D" && layer.dilationRate.some((size) => size > 1));
  for (const layer of dilated) {
    layer.call = (inputs) => tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const made = tf.conv2d(x, layer.kernel.read(), layer.strides, layer.padding, "NHWC", layer.dilationRate);
      return layer.bias ? tf.add(made, layer.bias.read()) : made;
    });
  }
};
