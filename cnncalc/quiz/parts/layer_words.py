"""Layers as the language writes them, and in the words of a question."""

from __future__ import annotations

from cnncalc.quiz.parts.engine import LayerText
from cnncalc.quiz.parts.phrases import Bilingual


def convolution(kernel: int, filters: int, stride: int = 1, padding: int = 0, *, biases: bool = True) -> LayerText:
    """Return a convolution."""
    spec = f"conv {kernel}x{kernel}x{filters} s{stride} p{padding}" + ("" if biases else " nobias")
    some = "filter" if filters == 1 else "filters"
    return LayerText(
        spec,
        Bilingual(
            f"{kernel}x{kernel} convolution, {filters} {some}, stride {stride}, padding {padding}",
            f"{kernel}x{kernel} 합성곱, 필터 {filters}개, 스트라이드 {stride}, 패딩 {padding}",
        ),
    )


def max_pooling(kernel: int, stride: int) -> LayerText:
    """Return a max pooling without padding."""
    return LayerText(
        f"maxpool {kernel}x{kernel} s{stride}",
        Bilingual(
            f"{kernel}x{kernel} max pooling, stride {stride}",
            f"{kernel}x{kernel} 최대 풀링, 스트라이드 {stride}",
        ),
    )


def fully_connected(outputs: int) -> LayerText:
    """Return a fully connected layer."""
    return LayerText(
        f"fc {outputs}",
        Bilingual(f"fully connected layer, {outputs} outputs", f"완전연결층, 출력 {outputs}개"),
    )


def sliding(kernel: int, stride: int) -> LayerText:
    """Return a convolution of which a question says the window alone."""
    return LayerText(
        f"conv {kernel}x{kernel}x8 s{stride}",
        Bilingual(f"{kernel}x{kernel} convolution, stride {stride}", f"{kernel}x{kernel} 합성곱, 스트라이드 {stride}"),
    )


def dilated(kernel: int, dilation: int) -> LayerText:
    """Return a dilated convolution with stride 1."""
    return LayerText(
        f"conv {kernel}x{kernel}x8 d{dilation}",
        Bilingual(
            f"{kernel}x{kernel} convolution, dilation {dilation}", f"{kernel}x{kernel} 합성곱, 팽창률 {dilation}"
        ),
    )


def filter_words(bias: int) -> Bilingual:
    """Return what a filter of one channel is called with its bias; 0 stands for none."""
    if not bias:
        return Bilingual("The filter, which has no bias,", "편향이 없는 필터를")
    return Bilingual("The filter with bias {bias}", "편향이 {bias}인 필터를").filled({"bias": bias})
