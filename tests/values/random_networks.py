"""Random small networks, with all layers of the language that have a value."""

from __future__ import annotations

import re
from random import Random

import cnncalc
from cnncalc import Network, SpecError
from cnncalc.model.plan import plan

INPUTS = ("4x4x2", "5x5x1", "6x5x2", "5x4x3", "7x7x1", "9x2", "6x3", "4x3x3x2", "1x1x4", "3x3x4")

EXACT = """
conv {k}x{f}; conv {k}x{f} p1; conv {k}x{f} s2 floor nobias; conv {k}x{f} p0:1 ceil; conv {k}x{f} same;
conv {k}x{f} d2 p2; conv {k}x{g2} p1 g2; dwconv {k} p1; dwconv {k}x{c2} same; deconv {k}x{f} s2;
deconv {k}x{f} s2 p1 op1; local {k}x{f} p1; fc 3; fc 2 nobias; flatten; channelconv 3; pool 2 floor;
pool {k} s1 p1; maxpool {k} s2 p1 ceil; maxpool {k} s1 d2 same; minpool {k} s1; gmp; adaptivemaxpool 2; relu;
relu6; hardtanh; step; threshold 1 value=-2; identity; prelu 2; times 3; plus -1; scale 2; scale one;
dropout 0.5; droppath 0.1; shuffle 2; slice 0:1; padchannels 1:0; groupsum 2; groupmax 2; maxout 2;
channelsum; channelmax; upsample x2; pad 1; pad 1:0 replicate; pad 1 reflect; pad 1 circular; crop 1:0;
pixelshuffle 2; pixelunshuffle 2; add( relu | ); sub( | relu | ); mul( | gmp ); max( | times -1 );
min( relu | plus 1 ); concat( | relu ); add( conv {k}x{c} p1 | ); mul( | ); a: pool 2 - unpool @a;
a: pool 3 s1 - unpool @a
"""
"""What stays a whole number if it begins as one, and in float64 too."""

OTHERS = """
avgpool 2 floor; avgpool {k} s1 p1; avgpool {k} s2 p1 ceil nopad; avgpool {k} same nopad; gap;
adaptiveavgpool 2; lppool 2 floor; elu; elu 2; celu 0.5; selu; gelu; gelutanh; silu; mish; hardswish;
sigmoid; tanh; softplus; softplus 2; softsign; glu; softmax; softmax groups=2; softmax over=positions;
logsoftmax; bn; bn noaffine eps=0.5; bn noscale; bn noshift; gn 2; ln; ln noshift; instancenorm affine; lrn 3;
lrn 2 alpha=1 beta=0.5 k=2; rmsnorm; l2norm; grn; channelmean; mean( | relu | ); upsample x2 {linear};
upsample x1.5; upsample x2 {linear} aligncorners; mul( | gap - sigmoid ); upsample 7x5 bicubic;
upsample x2 bicubic; times 0.3; leakyrelu; conv {k}x{f} kernel=box; conv {k}x{f}
"""
"""What makes fractions or floats."""


def patterns(text: str) -> list[str]:
    """Return the layers of a list."""
    return [pattern for pattern in re.split(r";\s*", text.strip()) if pattern]


def random_network(seed: int, *, exact: bool) -> Network:
    """Return a network of one to five layers; an exact one computes with whole numbers alone."""
    random = Random(seed)
    volume = random.choice(INPUTS)
    texts: list[str] = []
    network = cnncalc.load("identity\n", input=volume)
    wanted, tried = random.randint(1, 5), 0
    while len(texts) < wanted and tried < 60:
        tried += 1
        pattern = random.choice(patterns(EXACT if exact or random.random() < 0.4 else OTHERS))
        text = _filled(pattern, random, network).replace("a:", f"a{tried}:").replace("@a", f"@a{tried}")
        try:
            found = cnncalc.load("\n".join([*texts, text]) + "\n", input=volume)
            plan(found)  # PyTorch has not every layer in three dimensions
        except SpecError:
            continue
        if found.output.values <= 600 and found.macs < 20_000:
            texts.append(text)
            network = found
    return network


def _filled(pattern: str, random: Random, network: Network) -> str:
    dimensions, channels = network.output.dimensions, network.output.channels
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[dimensions]
    return pattern.format(
        k="x".join([str(random.randint(1, 3)) for _ in range(dimensions)]),
        f=random.randint(1, 3),
        c=channels,
        c2=2 * channels,
        g2=2 * random.randint(1, 2),
        linear=linear,
    )
