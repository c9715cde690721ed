"""A file that is cut off, damaged, or says what a spec cannot: one clear error, at its place in the file."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import pytest

import cnncalc as package


class Refused(NamedTuple):
    """A text, the input that it is given, and the whole error."""

    what: str
    text: str
    error: str
    input: str | None = None


REFUSED = (
    Refused(
        "pytorch cut",
        ("nn.Sequential(\n    nn.Conv2d(3, 8, 3),\n    nn.ReLU("),
        "text:3:12: a bracket is not closed: '(' was never closed",
        "32x32x3",
    ),
    Refused(
        "pytorch loop",
        ("import torch.nn as nn\nlayers = []\nfor width in (8, 16):\n    layers.append(nn.Conv2d(3, width, 3))\n"),
        "text:3:1: this statement would have to be run; modules, values and imports are read",
        "32x32x3",
    ),
    Refused(
        "pytorch class",
        ("from torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n"),
        (
            "text:2:1: `Net` is a program, and nothing of it is run here\n"
            "  = import the module itself: cnncalc import your_module:Net --input 224x224x3"
        ),
        "32x32x3",
    ),
    Refused(
        "pytorch classes",
        (
            "import torch\nfrom torch import nn\n\nif torch.cuda.is_available():\n    print(1)\n\n"
            "class Block(nn.Module):\n    pass\n\nclass Net(nn.Module):\n    def __init__(self):\n"
            "        self.a = Block()\n\nclass Data:\n    pass\n"
        ),
        (
            "text:10:1: `Net` is a program, and nothing of it is run here\n"
            "  = import the module itself: cnncalc import your_module:Net --input 224x224x3"
        ),
        "32x32x3",
    ),
    Refused(
        "pytorch unknown module",
        "nn.Sequential(nn.Conv2d(3, 8, 3), nn.LSTM(8, 8))\n",
        "text:1:35: a spec has no word for the module `LSTM`",
        "32x32x3",
    ),
    Refused(
        "pytorch unknown argument",
        "nn.Conv2d(3, 8, 3, strides=2)\n",
        ("text:1:1: Conv2d has no argument `strides` here\n  = did you mean `stride`?"),
        "32x32x3",
    ),
    Refused(
        "pytorch mismatch",
        ("nn.Sequential(\n  nn.Conv2d(3, 8, 3),\n  nn.BatchNorm2d(16),\n)"),
        "text:3:3: this takes 16 channels, but 30x30x8 arrives",
        "32x32x3",
    ),
    Refused(
        "pytorch functional",
        "nn.Conv2d(3, 8, 3), F.relu(x)\n",
        ("text:1:21: `F.relu` is not a module of PyTorch\n  = write its module: nn.ReLU() for F.relu"),
        "32x32x3",
    ),
    Refused(
        "printed cut",
        ("Sequential(\n  (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))\n  (1): ReLU()\n"),
        "text:1:1: this module is cut off: its closing bracket is missing",
        "32x32x3",
    ),
    Refused(
        "printed order",
        (
            "Net(\n"
            "  (conv1): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))\n"
            "  (fc): Linear(in_features=8, out_features=10, bias=True)\n"
            ")"
        ),
        (
            "text:1:1: in which order `Net` calls its modules is not printed; only Sequentials say it\n"
            "  = import the module itself: cnncalc import your_module:Net --input 224x224x3"
        ),
        "32x32x3",
    ),
    Refused(
        "darknet cut",
        ("[net]\nwidth=32\nheight=32\nchannels=3\n\n[convolutional]\nfilters=8\nsize=3\nstri"),
        "text:9:1: a setting is written as key=value, not `stri`",
    ),
    Refused(
        "darknet number",
        ("[net]\nwidth=32\nheight=32\n\n[convolutional]\nfilters=many\nsize=3\nactivation=leaky\n"),
        "text:6:1: filters is `many`, which is not a whole number",
    ),
    Refused(
        "darknet recurrent",
        ("[net]\nwidth=32\nheight=32\n\n[crnn]\noutput=8\n"),
        "text:5:1: [crnn] is recurrent, and a spec has no layer that is",
    ),
    Refused(
        "darknet route",
        ("[net]\nwidth=32\nheight=32\n\n[route]\nlayers=-4\n"),
        "text:5:1: there is no layer -4 in front of layer 0",
    ),
    Refused(
        "darknet yolo",
        (
            "[net]\n"
            "width=32\n"
            "height=32\n"
            "\n"
            "[convolutional]\n"
            "filters=254\n"
            "activation=linear\n"
            "\n"
            "[yolo]\n"
            "mask=0,1,2\n"
            "classes=80\n"
        ),
        "text:9:1: this [yolo] takes 255 channels, 3·(80 + 5), but 254 filters stand before it",
    ),
    Refused(
        "darknet branches",
        (
            "[net]\n"
            "width=32\n"
            "height=32\n"
            "\n"
            "[convolutional]\n"
            "filters=8\n"
            "activation=leaky\n"
            "\n"
            "[convolutional]\n"
            "filters=16\n"
            "stride=2\n"
            "activation=leaky\n"
            "\n"
            "[upsample]\n"
            "\n"
            "[upsample]\n"
            "\n"
            "[shortcut]\n"
            "from=-4\n"
            "activation=linear\n"
        ),
        "text:18:1: it adds 32x32x8 to 64x64x16: one is not every second or third position of the other",
    ),
    Refused(
        "yaml row",
        ("nc: 80\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\n  - [-1, 1, Conv]\nhead:\n  - [-1, 1, Classify, [nc]]\n"),
        "text:4:5: a row is [from, repeats, module, args]",
        "32x32x3",
    ),
    Refused(
        "yaml module",
        (
            "nc: 80\n"
            "backbone:\n"
            "  - [-1, 1, Conv, [64, 3, 2]]\n"
            "  - [-1, 3, C3TR, [64]]\n"
            "head:\n"
            "  - [-1, 1, Classify, [nc]]\n"
        ),
        ("text:4:5: a spec has no word for the module `C3TR`\n  = did you mean `C3`?"),
        "32x32x3",
    ),
    Refused(
        "yaml cut",
        ("nc: 80\nbackbone:\n  [[-1, 1, Conv, [64, 3, 2]],\n   [-1, 1, Conv, [64, 3"),
        "text:4:18: this bracket is not closed: the text is cut off",
        "32x32x3",
    ),
    Refused(
        "keras cut",
        ('{"class_name": "Sequential", "config": {"layers": [\n  {"class_name": "Dense", "config": {"units": 10}'),
        "text:2:3: this bracket is not closed: the text is cut off",
        "32x32x3",
    ),
    Refused(
        "keras layer",
        ('{"class_name": "Sequential", "config": {"layers": [\n  {"class_name": "LSTM", "config": {"units": 10}}]}}'),
        "text:2:3: a spec has no word for the layer `LSTM`",
        "32x32x3",
    ),
    Refused(
        "keras both orders",
        (
            '{"class_name": "Sequential", "config": {"layers": [\n'
            '  {"class_name": "MaxPooling2D", "config": {"data_format": "channels_first"}},\n'
            '  {"class_name": "MaxPooling2D", "config": {"data_format": "channels_last"}}]}}'
        ),
        "text:3:3: this MaxPooling2D cannot be said: its channels come last, and those of other layers come first",
        "32x32x3",
    ),
    Refused(
        "caffe cut",
        ('name: "net"\nlayer {\n  name: "conv1"\n  type: "Convolution"\n  bottom: "data"\n'),
        "text:2:7: this bracket is not closed: the text is cut off",
    ),
    Refused(
        "caffe bottom",
        (
            'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n'
            'layer { name: "c" type: "ReLU" bottom: "date" top: "c" }\n'
            'layer { name: "d" type: "ReLU" bottom: "c" top: "d" }'
        ),
        ("text:2:1: no layer in front of this one makes `date`\n  = did you mean `data`?"),
    ),
    Refused(
        "caffe kind",
        (
            'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n'
            'layer { name: "c" type: "Convolutoin" bottom: "data" top: "c" }\n'
        ),
        ("text:2:1: a spec has no word for Caffe's layer `Convolutoin`\n  = did you mean `Convolution`?"),
    ),
    Refused(
        "convnetjs",
        (
            "layer_defs = [];\n"
            "layer_defs.push({type:'input', out_sx:32, out_sy:32, out_depth:3});\n"
            "layer_defs.push({type:'conv', sx:5, filter:16});"
        ),
        "text:3:17: this layer cannot be read: it has no `filters`",
    ),
    Refused(
        "convnetjs cut",
        (
            "layer_defs = [];\n"
            "layer_defs.push({type:'input', out_sx:32, out_sy:32, out_depth:3});\n"
            "layer_defs.push({type:'fc', num_neurons:10"
        ),
        "text:3:17: this bracket is not closed: the text is cut off",
    ),
    Refused(
        "summary cut",
        ("Layer (type)      Output Shape      Param #\n======\nconv2d (Conv2D)   (None, 26, 26, 32)   320\n"),
        "text:3:1: this summary is cut off: its totals are missing",
    ),
    Refused(
        "summary params",
        (
            "Layer (type)      Output Shape      Param #\n"
            "======\n"
            "dense (Dense)   (None, 10)   7850\n"
            "d2 (Dense)   (None, 10)   111\n"
            "======\n"
            "Total params: 7,961\n"
        ),
        "text:4:1: the text states 111 parameters, but `fc 10` has 110",
    ),
    Refused(
        "torchinfo block",
        (
            "==========\n"
            "Layer (type:depth-idx)    Output Shape    Param #\n"
            "==========\n"
            "ResNet   [1, 10]   --\n"
            "├─BasicBlock: 1-1  [1, 8, 4, 4]   --\n"
            "==========\n"
            "Total params: 0\n"
        ),
        (
            "text:5:1: what `BasicBlock` does with the layers that it holds is not printed\n"
            "  = import the module itself: cnncalc import your_module:Net --input 224x224x3"
        ),
        "32x32x3",
    ),
    Refused(
        "calls without an input volume",
        "import torch.nn as nn\nmodel = nn.Sequential(nn.Conv2d(3, 6, 5), nn.ReLU())\n",
        ("text:2:23: this has no input volume; it is read as PyTorch calls\n  = it takes HxWx3"),
    ),
    Refused(
        "timm",
        "timm:resnet50d",
        (
            "text:1:6: `timm:resnet50d` is a program, and nothing of it is run here\n"
            "  = this writes its spec: cnncalc import timm:resnet50d -o resnet50d.txt"
        ),
        "32x32x3",
    ),
)


@pytest.mark.parametrize("refused", REFUSED, ids=[refused.what for refused in REFUSED])
def test_an_error_says_what_is_wrong_and_where(refused: Refused) -> None:
    """The whole text is compared: place, message and hints."""
    with pytest.raises(package.SpecError) as caught:
        package.load(refused.text, input=refused.input)
    assert str(caught.value) == refused.error


def test_python_has_no_remarks_on_a_text_that_is_read() -> None:
    """`1if` is a number and a word, of which Python warns; a warning would stand in front of what a command says."""
    text = "import torch.nn as nn\nnet = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())\nx = 1if net else 2\n"
    with warnings.catch_warnings(), pytest.raises(package.SpecError):
        warnings.simplefilter("error")
        package.load(text, input="8x8x3")


def test_more_lists_than_a_model_has_are_not_read() -> None:
    """Each takes memory, also those that say nothing."""
    text = '{"class_name": "Sequential", "config": [' + "[]," * 130_000 + "]}"
    with pytest.raises(package.SpecError) as caught:
        package.load(text + "\n")
    assert (caught.value.code, caught.value.message) == ("too-long", "this is more than 120,000 lists and tables")
