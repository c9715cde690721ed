"""Models of Keras that stand in others, and layers that are called several times: JSON that Keras itself writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import pytest

import cnncalc

pytestmark = pytest.mark.slow


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    yield pytest.importorskip("keras")


def called_again(keras: Any) -> Any:
    """One convolution three times, one after the other."""
    image = keras.Input((16, 16, 8))
    conv = keras.layers.Conv2D(8, 3, padding="same", activation="relu")
    return keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(conv(conv(conv(image))))))


def siamese(keras: Any) -> Any:
    """A model that is called for each of two images."""
    layers = keras.layers
    tower = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(5)]
    )
    left, right = keras.Input((28, 28, 1), name="left"), keras.Input((28, 28, 1), name="right")
    return keras.Model([left, right], layers.Dense(1)(layers.Subtract()([tower(left), tower(right)])))


def nested(keras: Any) -> Any:
    """A block with a shortcut as a model, called twice behind a convolution."""
    layers = keras.layers
    arriving = keras.Input((16, 16, 8))
    block = keras.Model(arriving, layers.Add()([arriving, layers.Conv2D(8, 3, padding="same")(arriving)]))
    image = keras.Input((16, 16, 3))
    return keras.Model(image, layers.ReLU()(block(block(layers.Conv2D(8, 1)(image)))))


def transferred(keras: Any) -> Any:
    """A functional model in a Sequential, behind a convolution."""
    layers = keras.layers
    arriving = keras.Input((8, 8, 4))
    base = keras.Model(arriving, layers.Concatenate()([layers.Conv2D(4, 3, padding="same")(arriving), arriving]))
    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 1), base, layers.GlobalAveragePooling2D(), layers.Dense(5)]
    )


def two_outputs(keras: Any) -> Any:
    """A model with two outputs in another, which returns them in the other order."""
    layers = keras.layers
    arriving = keras.Input((16, 16, 3))
    pair = keras.Model(arriving, [layers.Conv2D(4, 3)(arriving), layers.Conv2D(6, 3, strides=2)(arriving)])
    image = keras.Input((16, 16, 3))
    first, second = pair(image)
    return keras.Model(image, [second, first])


def dense_at_each_position(keras: Any) -> Any:
    """ConvNeXt writes its pointwise convolutions so: a Dense goes along the last axis, whatever stands in front."""
    layers = keras.layers
    block = [layers.LayerNormalization(), layers.Dense(32), layers.Activation("gelu"), layers.Dense(8)]
    return keras.Sequential([keras.Input((8, 8, 4)), *block, layers.Flatten(), layers.Dense(3), layers.Dense(2)])


def dense_along_a_signal(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([keras.Input((20, 3)), layers.Dense(5), layers.GlobalMaxPooling1D(), layers.Dense(2)])


def norms_without_shift(keras: Any) -> Any:
    layers = keras.layers
    norms = [layers.LayerNormalization(center=False), layers.LayerNormalization(center=False, scale=False)]
    groups = [layers.GroupNormalization(2), layers.GroupNormalization(2, center=False, scale=False)]
    return keras.Sequential([keras.Input((8, 8, 4)), *norms, *groups])


def norm_of_a_vector(keras: Any) -> Any:
    """The axis 1 of a vector is that of its channels."""
    layers = keras.layers
    return keras.Sequential([keras.Input((12,)), layers.Dense(7), layers.BatchNormalization(axis=1), layers.Dense(2)])


def causal(keras: Any) -> Any:
    """What a convolution of a signal sees lies in the past."""
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((20, 3)), *[layers.Conv1D(4, 3, dilation_rate=rate, padding="causal") for rate in (1, 2, 4)]]
    )


@pytest.mark.parametrize("make", [called_again, siamese, nested, transferred, two_outputs])
def test_models_in_models(keras: Any, make: Callable[[Any], Any]) -> None:
    """The oracle is Keras' count of what it trains, which has shared weights once, and its output shapes."""
    model = make(keras)
    network = cnncalc.load(model.to_json())
    assert network.params == sum([prod(weight.shape) for weight in model.trainable_weights])
    made = [prod(output.shape[1:]) for output in model.outputs]
    assert [(volume.values, volume.channels) for volume in network.outputs] == [
        (values, output.shape[-1]) for values, output in zip(made, model.outputs, strict=True)
    ]


@pytest.mark.parametrize(
    "make", [dense_at_each_position, dense_along_a_signal, norms_without_shift, norm_of_a_vector, causal]
)
def test_layers_that_ask_for_the_axes(keras: Any, make: Callable[[Any], Any]) -> None:
    """The oracle is Keras' count of what it trains, and its output shape."""
    model = make(keras)
    network = cnncalc.load(model.to_json())
    assert network.params == sum([prod(weight.shape) for weight in model.trainable_weights])
    assert network.output.values == prod(model.output_shape[1:])
    assert network.output.channels == model.output_shape[-1]


@pytest.mark.parametrize(("name", "total"), [("InceptionV3", 23_851_784), ("InceptionResNetV2", 55_873_736)])
def test_inception_of_keras(keras: Any, name: str, total: int) -> None:
    """Batch norms with shifts alone: the published number of parameters counts the running statistics, too."""
    model = getattr(keras.applications, name)(weights=None)
    lines: list[str] = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    assert model.count_params() == total
    trained = sum([prod(weight.shape) for weight in model.trainable_weights])
    for text in (model.to_json(), "\n".join(lines)):
        network = cnncalc.load(text)
        assert (network.params, network.output.values) == (trained, 1000)


def test_a_sum_with_a_factor(keras: Any) -> None:
    """Inception-ResNet adds a share of what its branches make."""
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    image = keras.Input((8, 8, 4))
    model = keras.Model(image, CustomScaleLayer(0.17)([image, keras.layers.Conv2D(4, 1)(image)]))
    network = cnncalc.load(model.to_json())
    assert [node.written for node in network] == ["conv 1x1x4", "times 0.17", "add"]
