"""Files as people have them, with what publications and other tools state of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FILES = Path(__file__).parent / "files"


class Known(NamedTuple):
    """What is known of a file: learned parameters, the output, an input where the file has none, and who says so."""

    file: str
    params: int
    output: str
    oracle: str
    input: str | None = None


_CONVOLUTIONS = (
    *((3, 64, 7), (64, 192, 3), (192, 128, 1), (128, 256, 3), (256, 256, 1), (256, 512, 3)),
    *((512, 256, 1), (256, 512, 3)) * 4,
    *((512, 512, 1), (512, 1024, 3)),
    *((1024, 512, 1), (512, 1024, 3)) * 2,
    *((1024, 1024, 3),) * 4,
)
YOLOV1 = sum(k * k * c * f + 2 * f for c, f, k in _CONVOLUTIONS) + 49 * 256 * (9 * 1024 + 1) + (49 * 256 + 1) * 1715
"""24 convolutions with batch norms, 256 filters of their own at each of 7x7 positions, and 1,715 outputs."""

KNOWN = (
    Known("caffe/lenet.prototxt", 431_080, "1x1x10", "Caffe's MNIST example: 520 + 25,050 + 400,500 + 5,010"),
    Known("caffe/alexnet.prototxt", 60_965_224, "1x1x1000", "the reference model of Caffe, two groups"),
    Known(
        "caffe/googlenet.prototxt", 6_998_552, "1x1x1000", "the reference model of Caffe without its auxiliary heads"
    ),
    Known("caffe/squeezenet_v1.1.prototxt", 1_235_496, "1x1x1000", "torchvision's squeezenet1_1"),
    Known("darknet/darknet19.cfg", 20_842_376, "1x1x1000", "20.8 M of the publication; PyTorch's count of its layers"),
    Known("darknet/darknet53.cfg", 41_609_928, "1x1x1000", "41.6 M; PyTorch's count of its layers"),
    Known("darknet/yolov2.cfg", 50_962_889, "13x13x425", "what Keras calls its trainable parameters"),
    Known("darknet/yolov2-tiny-voc.cfg", 15_861_773, "13x13x125", "PyTorch's count of its layers"),
    Known(
        "darknet/yolov3.cfg",
        61_949_149,
        "layer81 13x13x255, layer93 26x26x255, layer105 52x52x255",
        "the publication's 61.9 M, without running statistics",
    ),
    Known("darknet/yolov3-tiny.cfg", 8_852_366, "layer15 13x13x255, layer22 26x26x255", "8.9 M in Ultralytics' table"),
    Known(
        "darknet/yolov4.cfg",
        64_363_101,
        "layer138 76x76x255, layer149 38x38x255, layer160 19x19x255",
        "64.4 M in the tables of PyTorch's ports",
    ),
    Known(
        "darknet/yolov4-tiny.cfg", 6_056_606, "layer29 13x13x255, layer36 26x26x255", "6.06 M in the tables of ports"
    ),
    Known(
        "darknet/resnet50.cfg",
        25_557_032 - sum(4 * f * (2 * f + 2) if f > 64 else 256 * 66 for f in (64, 128, 256, 512)),
        "1x1x1000",
        "torchvision's resnet50 without the convolutions on its shortcuts, which Darknet has not",
    ),
    Known("darknet/yolov1.cfg", YOLOV1, "1x1x1715", "arithmetic"),
    Known("convnetjs/cifar10.js", (75 + 1) * 16 + (400 + 1) * 20 + (1280 + 1) * 10, "1x1x10", "arithmetic"),
    Known("convnetjs/mnist.html", (25 + 1) * 8 + (200 + 1) * 16 + (256 + 1) * 10, "1x1x10", "arithmetic"),
    Known("convnetjs/saved.json", (75 + 1) * 16 + (4096 + 1) * 10, "1x1x10", "arithmetic"),
    Known("pytorch/lenet5.txt", 61_706, "1x1x10", "PyTorch, and the lectures' LeNet", "28x28x1"),
    Known("pytorch/ordered.txt", 27 * 32 + 64 + 33 * 10, "1x1x10", "arithmetic", "32x32x3"),
    Known("pytorch/calls.txt", 28 * 64 + 577 * 64 + (4 * 64 * 32 + 32) + 33 * 21, "32x32x21", "arithmetic", "32x32x3"),
    Known("pytorch/printed_vgg11_features.txt", 9_220_480, "7x7x512", "torchvision's vgg11().features", "224x224x3"),
    Known("pytorch/printed_nested.txt", 9 * 32 + 64 + 33 * 10, "1x1x10", "arithmetic", "28x28x1"),
    Known("pytorch/printed_repeated.txt", 432 + 3 * (9 * 16 + 32) + 170, "1x1x10", "arithmetic", "64x64x3"),
    Known("keras/mnist_convnet.json", 34_826, "1x1x10", "Keras' example of MNIST"),
    Known("keras/vgg16.json", 138_357_544, "1x1x1000", "Keras' own summary"),
    Known(
        "keras/mobilenet.json", 4_253_864 - 2 * 10_944, "1x1x1000", "Keras' own summary, without its running statistics"
    ),
    Known(
        "keras/xception.json", 22_910_480 - 2 * 27_264, "1x1x1000", "Keras' own summary, without its running statistics"
    ),
    Known("keras_calls/mnist.txt", 34_826, "1x1x10", "Keras' example of MNIST"),
    Known("keras_calls/cifar10.txt", 122_570, "1x1x10", "TensorFlow's tutorial"),
    Known("keras_calls/toy_resnet.txt", 223_242, "1x1x10", "Keras' guide to the functional API"),
    Known("tables/keras_mnist.txt", 34_826, "1x1x10", "the summary's own total"),
    Known("tables/keras_functional.txt", 1_370, "1x1x10", "the summary's own total of what is trained"),
    Known("tables/keras3_cifar.txt", 122_570, "1x1x10", "the summary's own total"),
    Known("tables/torchinfo_lenet5.txt", 61_706, "1x1x10", "torchinfo"),
    Known("tables/torchinfo_alexnet.txt", 61_100_840, "1x1x1000", "torchvision's alexnet"),
    Known("tables/torchinfo_vgg11_bn.txt", 132_868_840, "1x1x1000", "torchvision's vgg11_bn"),
    Known("tables/torchsummary_mnist.txt", 21_840, "1x1x10", "PyTorch's example of MNIST"),
    Known("tables/torchsummary_vgg16.txt", 138_357_544, "1x1x1000", "torchvision's vgg16"),
    Known("tables/torchsummary_separable.txt", 1_994, "1x1x10", "PyTorch"),
    Known(
        "ultralytics/yolov5s.yaml",
        7_235_389,
        "detect 8x8x255, detect_2 4x4x255, detect_3 2x2x255",
        "what YOLOv5 prints: 7235389 parameters",
        "64x64x3",
    ),
    Known(
        "ultralytics/yolov8n.yaml",
        3_157_200 - 16,
        "detect 8x8x144, detect_2 4x4x144, detect_3 2x2x144",
        "what Ultralytics prints, 16 of them fixed",
        "64x64x3",
    ),
    Known("ultralytics/yolov8n-cls.yaml", 2_719_288, "1x1x1000", "Ultralytics' table: 2.7 M", "224x224x3"),
    Known("ultralytics/yolov8s-cls.yaml", 6_361_736, "1x1x1000", "Ultralytics' table: 6.4 M", "224x224x3"),
    Known("ultralytics/small_c3.yaml", 20_938, "32x32x10", "the modules written out in PyTorch", "64x64x3"),
    # torch.onnx folds every batch norm, of 2 numbers per channel, into biases, of 1
    Known("onnx/resnet18.onnx", 11_689_512 - 4_800, "1x1x1000", "torchvision's resnet18, its batch norms folded"),
    Known("onnx/squeezenet1_1.onnx", 1_235_496, "1x1x1000", "torchvision's squeezenet1_1"),
    Known("onnx/mobilenet_v3_small.onnx", 2_542_856 - 6_056, "1x1x1000", "torchvision's, its batch norms folded"),
)
