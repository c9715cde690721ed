"""Sizes: a convolution as a matrix product."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted, worked
from cnncalc.quiz.parts.exercise import Answer
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import DEPTH_FORGOTTEN, INPUT_POSITIONS, ONE_SIDE, TRANSPOSED
from cnncalc.quiz.parts.phrases import Bilingual, same


@register
class MatrixShapes(ExerciseKind):
    """The shapes of the matrices that im2col makes."""

    name = "matrix-shapes"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (28, 32, 55, 64, 113, 227),
            "channels": (3, 16, 32, 64),
            "kernel": (3, 5, 7, 11),
            "filters": (8, 10, 24, 96),
            "stride": (1, 2, 4),
        }
    }
    question = Bilingual(
        "A convolution with {filters} filters of {kernel}x{kernel} and stride {stride}, without padding, on an input "
        "of {size}x{size}x{channels} is computed as a product of two matrices (im2col), of which the first has a "
        "filter in each row. Which shapes do they have?",
        "패딩 없이 스트라이드 {stride}인 {kernel}x{kernel} 필터 {filters}개를 {size}x{size}x{channels} 입력에 "
        "적용하는 합성곱을 두 행렬의 곱(im2col)으로 계산한다. 첫 행렬의 각 행은 필터 하나이다. 두 행렬의 크기는 어느 "
        "것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"conv {d.kernel}x{d.kernel}x{d.filters} s{d.stride}", f"{d.size}x{d.size}x{d.channels}")
        node = counts.rows[0].node
        product = node.layer.matrix_product(node.sources)
        assert product is not None  # every convolution is one
        rows, inner, columns = product.rows, product.inner, product.columns
        wrong = wrongs(
            (_shapes(rows, inner // d.channels, columns), DEPTH_FORGOTTEN),
            (_shapes(rows, inner, d.size * d.size), INPUT_POSITIONS),
            (_shapes(rows, inner // d.kernel, columns), ONE_SIDE),
            (_shapes(columns, inner, rows), TRANSPOSED),
        )
        quantities = (*SIZES, "as a matrix product")
        return Drafted(self.question.filled(d), _shapes(rows, inner, columns), wrong, worked(counts, quantities))


def _shapes(rows: int, inner: int, columns: int) -> Answer:
    return Answer(same(f"[{rows} x {inner}] · [{inner} x {columns}]"))
