"""Numbers as pictures: which colour is what, where tiles stand, and that Pillow reads what is written."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

from cnncalc.inspect.images import (
    GREY,
    SIGNED,
    WIDTH,
    coloured,
    columns_for,
    data_uri,
    filter_tiles,
    framed,
    grid,
    map_tiles,
    maps_picture,
    png,
    sized,
)


def test_a_ramp_goes_through_its_colours() -> None:
    shares = torch.tensor([-1.0, 0.0, 0.5, 1.0, 7.0, float("nan")])
    assert coloured(shares, GREY)[:, 0].tolist() == [0, 0, 128, 255, 255, 0]
    assert [tuple(colour) for colour in coloured(torch.linspace(0, 1, 5), SIGNED).tolist()] == list(SIGNED)


def test_maps_without_negative_values_are_grey_on_one_scale() -> None:
    """What is half as large as the largest of all is half as bright, in whichever tile it is."""
    maps = torch.tensor([[[0.0, 4.0]], [[2.0, 0.0]]])
    assert map_tiles(maps)[..., 0].tolist() == [[[0, 255]], [[128, 0]]]
    assert not map_tiles(torch.zeros(1, 2, 2)).any()


def test_maps_with_negative_values_are_blue_white_red() -> None:
    tiles = map_tiles(torch.tensor([[[-2.0, 0.0, 2.0]]]))
    assert [tuple(colour) for colour in tiles[0, 0].tolist()] == [SIGNED[0], SIGNED[2], SIGNED[4]]


def test_a_single_large_value_does_not_darken_the_rest() -> None:
    """Of 10,000 values all but ten lie below the end of the scale."""
    maps = torch.ones(1, 100, 100)
    maps[0, 0, 0] = 1000
    assert int(map_tiles(maps)[0, 50, 50, 0]) == 255
    maps = torch.full((1, 10, 10), float("inf"))
    assert not map_tiles(maps).any()


def test_filters_are_each_on_their_own_scale_and_0_is_mid_grey() -> None:
    weights = torch.tensor([[[[0.0, 1.0, -1.0]]], [[[0.0, 0.01, -0.005]]]])
    assert filter_tiles(weights)[..., 0].tolist() == [[[128, 255, 0]], [[128, 255, 64]]]
    colour = torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1)
    assert filter_tiles(colour).flatten().tolist() == [255, 128, 0]


def test_tiles_grow_by_whole_factors_and_shrink_to_a_side() -> None:
    small = torch.tensor([[[[1, 2, 3], [4, 5, 6]]]], dtype=torch.uint8)
    assert sized(small, 5)[0, :, :, 0].tolist() == [[1, 1, 4, 4], [1, 1, 4, 4]]
    assert sized(torch.full((1, 100, 50, 3), 7, dtype=torch.uint8), 20).shape == (1, 20, 10, 3)
    assert sized(torch.full((1, 100, 50, 3), 7, dtype=torch.uint8), 20).unique().tolist() == [7]


def test_tiles_stand_side_by_side() -> None:
    tiles = torch.arange(1, 4, dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 1, 3)
    picture = grid(tiles, columns=2, gap=1)
    assert picture[..., 0].tolist() == [[1, 0, 2], [0, 0, 0], [3, 0, 0]]
    assert picture[..., 3].tolist() == [[255, 0, 255], [0, 0, 0], [255, 0, 0]]
    assert framed(tiles).shape == (3, 3, 3, 4)


def test_rows_are_of_one_length_where_that_can_be() -> None:
    assert [columns_for(count, 70) for count in (1, 6, 16, 32, 64, 96, 17)] == [1, 6, 8, 8, 8, 12, 15]
    assert columns_for(5, 10 * WIDTH) == 1


def test_a_png_is_what_was_drawn_and_the_same_every_time() -> None:
    picture = maps_picture(torch.rand(6, 5, 5, generator=torch.Generator().manual_seed(0)))
    data = png(picture)
    with Image.open(io.BytesIO(data)) as image:
        assert (np.asarray(image) == picture).all()
    assert png(picture) == data
    assert data_uri(data).startswith("data:image/png;base64,iVBOR")


def test_a_vector_is_a_row_of_squares() -> None:
    assert maps_picture(torch.rand(10)).shape == maps_picture(torch.rand(10, 1, 1)).shape == (18, 10 * 20 - 2, 4)
