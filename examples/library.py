"""Ask the library instead of the command line: how much of a network is in its fully connected layers?

Run it with `python examples/library.py`.
"""

from pathlib import Path

import cnncalc

HERE = Path(__file__).parent


def main() -> None:
    """Count VGG-16, find its largest layer, and read the numbers of an error."""
    net = cnncalc.load(HERE / "vgg16.txt")
    dense = sum(node.params for node in net if node.layer.kind == "fc")
    print(f"{net.input} → {net.output}, {net.params:,} parameters, {net.macs:,} MACs")
    print(f"{dense / net.params:.1%} of the parameters are in fully connected layers")

    largest = max(cnncalc.count(net, batch=32).rows, key=lambda row: row.activation_bytes)
    print(f"largest output for 32 images: {largest.node.name}, {largest.activation_bytes:,} bytes")

    small = cnncalc.load(HERE / "resnet50.txt", input=(64, 64, 3), params={"classes": 10})
    print(f"ResNet-50 for 64x64 images and 10 classes: {small.params:,} parameters")

    try:
        cnncalc.load(HERE / "too-big-stride.txt")
    except cnncalc.SpecError as error:
        print(f"line {error.line}, {error.code}: {error.detail}")


if __name__ == "__main__":
    main()
