"""What hostile texts are made of: whole specs, words, layers, and expressions that would never end."""

from __future__ import annotations

VALID = (
    """input left 16x16x3
input right 8x8x1
block trunk(n)
  conv 3x3x{n} s2 same - relu - gap
end
sub( @left - trunk(8) weights=t | add( @right | @right - tanh ) - conv 3x3x8 - gap ) => 8
output @left @right""",
    """input 32x32x1
conv 5x5x6 => 28x28x6 # LeNet
tanh
pool 2x2 s2
conv 5x5x16 - tanh - pool2
fc 120 - tanh - fc 10""",
    "input 32x32x3\n[(conv 3x3x32 p1 - relu)*2 - pool 2x2 s2]*3 - (fc 256 - relu)*1 - fc 10 - softmax",
    """input 64x64x3
rounding floor
param n = 4
block b(w, s=1)
  add( conv 3x3x{w} s{s} p1 nobias - bn | conv 1x1x{w} s{s} ) - relu
end
b(8) - b({2*n}, s=2)*3
b(w=16)*n - gap - fc {n}""",
    """input 32x32x8
enc1: conv 3x3x8 p1 - relu
pool2
enc2: conv 3x3x16 p1 - upsample x2
concat( | @enc1 ) - conv 1x1x4
@enc2 => 32x32x16""",
    """input 56x56x64
mul( | gap - conv 1x1x{C/16} - relu - conv 1x1x64 - sigmoid )
slice 0:{C/2} - shuffle 2 - scale 1e-6""",
    """INPUT: [224x224x3] memory: 224*224*3=150K weights: 0
CONV3-64: [224x224x64] memory: 224*224*64=3.2M params: (3*3*3)*64 = 1,728
POOL2: [112x112x64]
FC: [1x1x4096]
TOTAL memory: 24M * 4 bytes ~= 96MB / image""",
    """input 16000x1
conv 80x32 s4 p38 - bn - leakyrelu 0.1 - pool 4 floor - deconv 4x16 s4 - lppool 2 norm=3""",
    """input 16x112x112x3
conv 3x7x7x64 s1x2x2 p1x3x3 - avgpool 1x3x3 s1x2x2 p0x1x1 nopad - pad 0:1x0:1x1 - crop 1""",
)

WORDS = (
    *("reshape", "times", "-1", "channelmax", "groupsum", "fixed", "kernel=box", "kernel=[1 2; 3 4]", "local", "nopad"),
    *("conv", "dwconv", "deconv", "pool", "pool2", "avgpool", "fc", "bn", "gn", "relu", "add(", "concat(", "mul(", ")"),
    *(
        "input",
        "input left 8x8x3",
        "@left",
        "param",
        "block",
        "end",
        "rounding",
        "floor",
        "@a",
        "a:",
        "=>",
        "*3",
        "*0",
        "{",
        "}",
        "(",
        "[",
        "]",
        "|",
    ),
    *("3x3x8", "1x1", "s2", "p1", "g4", "stride=2", "0:1", "{C/2}", "{H*W}", "{2**3}", "-", "->", "→", "#", ",", ";"),
    *(
        "upsample",
        "x2",
        "pixelshuffle",
        "slice",
        "0:2",
        "gap",
        "flatten",
        "same",
        "adaptiveavgpool",
        "7x7",
        "total",
        "*n",
    ),
)

HOSTILE_LAYERS = (
    *(
        "reshape 1000000000000x1x1",
        "upsample 1000000000x1000000000",
        "upsample 1009x1013 bilinear",
        "upsample x1.0000001",
    ),
    *(
        "local 3x3x1000000000000",
        "gap - channelconv 999999999999",
        "padchannels 1000000000000",
        "softmax groups=999999999",
    ),
    *(
        "slice 0:4:1000000000000",
        "conv 1000000x1000000x1 kernel=binomial p500000",
        "times 1e12",
        "pixelunshuffle 1000000",
    ),
    *("conv 1000000000000x1x1", "conv 1x1x1000000000000", "upsample x1000000000000", "deconv 1x1x1 s1000000000000"),
    *("conv 1x1x1 s1000000000000", "conv 3x3x8 g999999999999", "deconv 1000x1000x8 s999 p400", "pad 1000000000000"),
    *("pool 1x1 s1000000000000", "adaptiveavgpool 1009x1013", "adaptiveavgpool 1000000000000", "pixelshuffle 1000000"),
    *(
        "upsample x1024 - gap",
        "upsample x1023 bilinear - gap",
        "concat(|)",
        "concat(|||||||)",
        "flatten",
        "fc 999999999999",
    ),
    *("gn 999999999", "dropout 1e999", "celu 1e-320", "conv 3x3x8 d1000000000000", "conv 3x3x8 p1000000000000 same"),
    *(
        "shuffle 4096",
        "slice 0:999999999999",
        "deconv 2x2x2 s1024 d1023 op1022",
        "lrn 1000000000000 k=1e300",
        "conv 3x3x²",
    ),
    *(
        "adaptiveavgpool 1 - upsample x997",
        "add(gap - upsample x64 | gap - upsample x32)",
        "mul(|gap)",
        "scale -0",
        "crop 0",
    ),
)

BOMBS = (
    *("2**2**2**2**99", "9**9**9", "2**64", "10**12*10**12", "0**10**12", "(-1)**999999999999", "1/3*3", "7/2"),
    *(
        "ceil(1/3)",
        "round(1/0)",
        "1%0",
        "0//0",
        "ceil(" * 80,
        "-" * 10_000 + "1",
        "1.5",
        "min()",
        "max(1,)",
        "ceil(1,2)",
    ),
    *("1/999999999999/999999999999", "H*W*C**20", "2**-1", "2**0.5", "٣", "²", "1e9", "()", "1 1", "a b", "0.1**64"),
    *("9" * 15, "9" * 16, "9" * 5000, "0" * 5000 + "1", "1.", "." * 100, "round(0.5)", "ceil(0.000000000000001)"),
)
"""Expressions that would never end if they were computed, and others that are refused."""
