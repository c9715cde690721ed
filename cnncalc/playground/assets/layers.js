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

  // A normalisation: by mean and variance over some axes, then a scale and a shift for each channel.
  class Normalization extends tf.layers.Layer {
    constructor(config) {
      super(config);
      const { epsilon = 1e-5, scale = true, center = true, groups = 1 } = config;
      Object.assign(this, { epsilon, scale, center, groups });
    }

    build(shape) {
      const channels = [only(shape).at(-1)];
      if (this.scale) this.gamma = this.addWeight("gamma", channels, null, tf.initializers.ones());
      if (this.center) this.beta = this.addWeight("beta", channels, null, tf.initializers.zeros());
      this.built = true;
    }

    computeOutputShape(shape) { return only(shape); }

    call(inputs) {
      return tf.tidy(() => {
        let y = this.normed(only(inputs));
        if (this.gamma) y = tf.mul(y, this.gamma.read());
        return this.beta ? tf.add(y, this.beta.read()) : y;
      });
    }

    // What is divided by its deviation over the axes; `centred` takes the mean away first.
    standardised(x, axes, centred = true) {
      const apart = centred ? tf.sub(x, tf.mean(x, axes, true)) : x;
      return tf.div(apart, tf.sqrt(tf.add(tf.mean(tf.square(apart), axes, true), this.epsilon)));
    }
  }

  // Over a batch when it trains, and then the running statistics move as PyTorch's do: the variance is corrected for the
  // number of values that it is of.
  class BatchNormalization extends Normalization {
    constructor(config) { super(config); this.momentum = config.momentum; }

    static get className() { return "BatchNormalization"; }

    build(shape) {
      super.build(shape);
      const channels = [only(shape).at(-1)];
      this.mean = this.addWeight("moving_mean", channels, null, tf.initializers.zeros(), null, false);
      this.variance = this.addWeight("moving_variance", channels, null, tf.initializers.ones(), null, false);
    }

    call(inputs, { training } = {}) { this.training = training; return super.call(inputs); }

    normed(x) {
      if (!this.training) return tf.div(tf.sub(x, this.mean.read()), tf.sqrt(tf.add(this.variance.read(), this.epsilon)));
      const axes = x.shape.slice(1).map((_, axis) => axis), count = x.size / x.shape.at(-1); // all but the last
      const mean = tf.mean(x, axes), apart = tf.sub(x, mean), variance = tf.mean(tf.square(apart), axes);
      this.moved(this.mean, mean);
      this.moved(this.variance, tf.mul(variance, count / Math.max(1, count - 1)));
      return tf.div(apart, tf.sqrt(tf.add(variance, this.epsilon)));
    }

    moved(running, value) {
      running.write(tf.add(tf.mul(running.read(), this.momentum), tf.mul(value, 1 - this.momentum)));
    }
  }

  class LayerNormalization extends Normalization {
    static get className() { return "LayerNormalization"; }

    normed(x) { return this.standardised(x, -1); }
  }

  class RMSNormalization extends Normalization {
    constructor(config) { super({ ...config, center: false }); }

    static get className() { return "RMSNormalization"; }

    normed(x) { return this.standardised(x, -1, false); }
  }

  // Over all positions and the channels of a group; with a group for each channel it is an instance norm.
  class GroupNormalization extends Normalization {
    static get className() { return "GroupNormalization"; }

    normed(x) {
      const { shape } = x, channels = shape.at(-1), positions = shape.slice(1, -1).reduce((one, other) => one * other, 1);
      const apart = tf.reshape(x, [shape[0], positions, this.groups, channels / this.groups]);
      return tf.reshape(this.standardised(apart, [1, 3]), shape);
    }
  }

  // Zeros before and behind a signal.
  class ZeroPadding1D extends tf.layers.Layer {
    constructor(config) { super(config); this.sides = [config.padding].flat(); }

    static get className() { return "ZeroPadding1D"; }

    get before() { return this.sides[0]; }
    get behind() { return this.sides.at(-1); }

    computeOutputShape(shape) {
      const [signals, length, channels] = only(shape);
      return [signals, length + this.before + this.behind, channels];
    }

    call(inputs) { return tf.tidy(() => tf.pad(only(inputs), [[0, 0], [this.before, this.behind], [0, 0]])); }
  }

  const normalizations = [BatchNormalization, LayerNormalization, RMSNormalization, GroupNormalization, LocalResponseNormalization];
  [...normalizations, GroupedConv2D, DilatedDepthwiseConv2D, ZeroPadding1D].forEach((layer) => tf.serialization.registerClass(layer));
};
