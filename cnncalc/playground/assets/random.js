"use strict";

// The generator of PyTorch on a CPU, the Mersenne Twister of Matsumoto and Nishimura (1998), and what PyTorch draws with
// it, so that a seed gives the same first weights and the same order of images as `cnncalc train`.

class TorchRandom {
  constructor(seed) {
    this.state = new Uint32Array(624);
    this.state[0] = seed >>> 0;
    for (let at = 1; at < 624; at += 1) {
      const before = this.state[at - 1] ^ (this.state[at - 1] >>> 30);
      this.state[at] = (Math.imul(1812433253, before) + at) >>> 0;
    }
    this.next = 624;
  }

  // A whole number of 32 bits.
  word() {
    if (this.next === 624) this.twist();
    let word = this.state[this.next++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  twist() {
    const { state } = this;
    for (let at = 0; at < 624; at += 1) {
      const joined = (state[at] & 0x80000000) | (state[(at + 1) % 624] & 0x7fffffff);
      state[at] = state[(at + 397) % 624] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }

  // Even in [0, 1), in single precision: 24 bits.
  unit() { return (this.word() & 0xffffff) / 0x1000000; }

  // Tensor.uniform_(-bound, bound)
  uniform(count, bound) { return Float32Array.from({ length: count }, () => Math.fround(this.unit() * 2 * bound - bound)); }

  // Tensor.normal_(0, deviation): Box and Muller's pairs, sixteen numbers at a time.
  normal(count, deviation) {
    if (count < 16) return this.fewNormal(count, deviation);
    const drawn = Float64Array.from({ length: count }, () => this.unit());
    for (let at = 0; at + 16 <= count; at += 16) this.pairs(drawn, at, deviation);
    if (count % 16) {
      for (let at = count - 16; at < count; at += 1) drawn[at] = this.unit();
      this.pairs(drawn, count - 16, deviation);
    }
    return Float32Array.from(drawn);
  }

  pairs(drawn, from, deviation) {
    for (let at = from; at < from + 8; at += 1) {
      const radius = deviation * Math.sqrt(-2 * Math.log(1 - drawn[at])), angle = 2 * Math.PI * drawn[at + 8];
      drawn[at] = radius * Math.cos(angle);
      drawn[at + 8] = radius * Math.sin(angle);
    }
  }

  // Even in [0, 1), in double precision: 53 bits of two words.
  double() {
    const high = this.word(), low = this.word();
    return ((high & 0x1fffff) * 0x100000000 + low) / 2 ** 53;
  }

  fewNormal(count, deviation) {
    const drawn = new Float32Array(count);
    for (let at = 0; at < count; at += 2) {
      const angle = 2 * Math.PI * this.double(), radius = Math.sqrt(-2 * Math.log1p(-this.double()));
      drawn[at] = radius * Math.cos(angle) * deviation;
      if (at + 1 < count) drawn[at + 1] = radius * Math.sin(angle) * deviation;
    }
    return drawn;
  }

  // torch.randperm
  order(count) {
    const places = Uint32Array.from({ length: count }, (_, at) => at);
    for (let at = 0; at < count - 1; at += 1) {
      const other = at + (this.word() % (count - at));
      [places[at], places[other]] = [places[other], places[at]];
    }
    return places;
  }
}
