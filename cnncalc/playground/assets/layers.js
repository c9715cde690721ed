"use strict";

// Layers that TensorFlow.js does not have. They have its settings and the weights of their neighbours, so that nothing else
// needs to know of them. It has no classes by name for what they extend, but makes objects of them.

const registerLayers = () => {
  const Conv2D = tf.layers.conv2d({ filters: 1, kernelSize: 1 }).constructor;
  const DepthwiseConv2D = tf.layers.depthwiseConv2d({ kernelSize: 1 }).constructor;
  const only = (one) => (Array.isArray(one) && (Array.isArray(one[0]) || one[0] instanceof tf.Tensor) ? one[0] : one);
  const withBias = (layer, made) => (layer.bias ? tf.add(made, layer.bias.read()) : made);

  // A convolution in groups: each reads its share of the channels and makes its share of the filters.
  class GroupedConv2D extends Conv2D {
    constructor(config) { super(config); this.groups = config.groups; }

    static get className() { return "GroupedConv2D"; }

    build(shape) {
      const sizes = only(shape);
      super.build([...sizes.slice(0, 3), sizes[3] / this.groups]); // each filter reads as many channels
      this.inputSpec = [{ ndim: 4 }];
    }

    call(inputs) {
      return tf.tidy(() => {
        const filters = tf.split(this.kernel.read(), this.groups, 3);
        const parts = tf.split(only(inputs), this.groups, 3).map((part, at) =>
          tf.conv2d(part, filters[at], this.strides, this.padding, "NHWC", this.dilationRate));
        return withBias(this, tf.concat(parts, 3));
      });
    }
  }

  // A depthwise convolution with a dilation, whose stride is 1: the sum over the places of its window of what stands there,
  // times the weight of that place.
  class DilatedDepthwiseConv2D extends DepthwiseConv2D {
    static get className() { return "DilatedDepthwiseConv2D"; }

    reach() { return this.kernelSize.map((size, axis) => (size - 1) * this.dilationRate[axis]); }

    computeOutputShape(shape) {
      const [images, high, wide, channels] = only(shape), [down, right] = this.padding === "same" ? [0, 0] : this.reach();
      return [images, high - down, wide - right, channels * this.depthMultiplier];
    }

    call(inputs) {
      return tf.tidy(() => {
        const [down, right] = this.reach(), halves = (size) => [Math.floor(size / 2), Math.ceil(size / 2)];
        const x = this.padding === "same" ? tf.pad(only(inputs), [[0, 0], halves(down), halves(right), [0, 0]]) : only(inputs);
        const kernel = this.depthwiseKernel.read(), [high, wide, channels, each] = kernel.shape;
        const size = [x.shape[0], x.shape[1] - down, x.shape[2] - right], count = size[0] * size[1] * size[2];
        let sum = null;
        for (let at = 0; at < high * wide; at += 1) {
          const [row, column] = [Math.floor(at / wide), at % wide];
          const read = tf.slice(x, [0, row * this.dilationRate[0], column * this.dilationRate[1], 0], [...size, channels]);
          const weights = tf.reshape(tf.slice(kernel, [row, column, 0, 0], [1, 1, channels, each]), [1, channels, each]);
          const products = tf.mul(tf.reshape(read, [count, channels, 1]), weights);
          sum = sum ? tf.add(sum, products) : products;
        }
        return withBias(this, tf.reshape(sum, [...size, channels * each]));
      });
    }
  }

  // AlexNet's normalisation: each value by the squares of its neighbours among the channels, zeros beside the first and
  // the last one, and their mean over the whole window, as PyTorch has it.
  class LocalResponseNormalization extends tf.layers.Layer {
    constructor(config) {
      super(config);
      for (const name of ["size", "alpha", "beta", "k"]) this[name] = config[name];
    }

    static get className() { return "LocalResponseNormalization"; }

    computeOutputShape(shape) { return only(shape); }

    call(inputs) {
      return tf.tidy(() => {
        const x = only(inputs), before = Math.floor(this.size / 2), none = [0, 0];
        const squares = tf.pad(tf.square(x), [none, none, none, [before, this.size - 1 - before]]);
        const read = Array.from({ length: this.size }, (_, at) => tf.slice(squares, [0, 0, 0, at], x.shape));
        const mean = tf.div(tf.addN(read), this.size);
        return tf.div(x, tf.pow(tf.add(tf.mul(mean, this.alpha), this.k), this.beta));
      });
    }
  }

  tf.serialization.registerClass(LocalResponseNormalization);
  tf.serialization.registerClass(GroupedConv2D);
  tf.serialization.registerClass(DilatedDepthwiseConv2D);
};
