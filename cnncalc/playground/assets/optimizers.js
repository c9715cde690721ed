"use strict";

// The optimizers of PyTorch, by their names in a recipe, on tensors of TensorFlow.js. Each returns the tensor by which a
// weight moves; `state` keeps what it needs from one step to the next.

const keep = (state, name, like, make) => {
  const value = make(state[name] ?? tf.zerosLike(like));
  state[name]?.dispose();
  state[name] = tf.keep(value);
  return value;
};
const mean = (before, now, share) => tf.add(tf.mul(before, share), tf.mul(now, 1 - share));

const adam = (gradient, state, rate, { momentum, beta2, eps }) => {
  state.steps = (state.steps || 0) + 1;
  const first = keep(state, "first", gradient, (before) => mean(before, gradient, momentum));
  const second = keep(state, "second", gradient, (before) => mean(before, tf.square(gradient), beta2));
  const scale = tf.add(tf.div(tf.sqrt(second), Math.sqrt(1 - beta2 ** state.steps)), eps);
  return tf.mul(tf.div(first, scale), -rate / (1 - momentum ** state.steps));
};

const withDecay = (gradient, weight, decay) => (decay ? tf.add(gradient, tf.mul(weight, decay)) : gradient);

const OPTIMIZERS = {
  adadelta: (gradient, state, rate, { rho, eps }, weight, decay) => {
    const full = withDecay(gradient, weight, decay);
    const squares = keep(state, "squares", full, (before) => mean(before, tf.square(full), rho));
    const moved = state.moves ?? tf.zerosLike(full);
    const delta = tf.mul(tf.div(tf.sqrt(tf.add(moved, eps)), tf.sqrt(tf.add(squares, eps))), full);
    keep(state, "moves", full, (before) => mean(before, tf.square(delta), rho));
    return tf.mul(delta, -rate);
  },
  adam: (gradient, state, rate, settings, weight, decay) => adam(withDecay(gradient, weight, decay), state, rate, settings),
  adamw: (gradient, state, rate, settings, weight, decay) => tf.sub(adam(gradient, state, rate, settings), tf.mul(weight, rate * decay)),
  rmsprop: (gradient, state, rate, { rho, eps, momentum }, weight, decay) => {
    const full = withDecay(gradient, weight, decay);
    const squares = keep(state, "squares", full, (before) => mean(before, tf.square(full), rho));
    const step = tf.div(full, tf.add(tf.sqrt(squares), eps));
    return tf.mul(momentum ? keep(state, "buffer", full, (before) => tf.add(tf.mul(before, momentum), step)) : step, -rate);
  },
  sgd: (gradient, state, rate, { momentum, nesterov }, weight, decay) => {
    const full = withDecay(gradient, weight, decay);
    if (!momentum) return tf.mul(full, -rate);
    const buffer = keep(state, "buffer", full, (before) => tf.add(tf.mul(before, momentum), full));
    return tf.mul(nesterov ? tf.add(full, tf.mul(buffer, momentum)) : buffer, -rate);
  },
};
