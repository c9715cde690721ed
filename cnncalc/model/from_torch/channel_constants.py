"""How constants are read that a module computes with: one for each channel, as images are normalised."""

from __future__ import annotations

from cnncalc.layers.convolution import convolution_words
from cnncalc.layers.given import MOST_WRITTEN
from cnncalc.layers.written import Token, Unsayable, Words, alike, of_float32, short
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.shifts import is_per_channel
from cnncalc.model.from_torch.values import Tensor, View


def with_constants(call: Call) -> View | None:
    """Read ``(x - mean) / std`` with a constant for each channel: numbers of a convolution and of a `scale`."""
    view, tensor = call.first, call["other"]
    if "div" in call.name and isinstance(tensor, View):
        raise Unsayable("it divides by numbers, not by volumes")
    if not isinstance(view, View) or not isinstance(tensor, Tensor) or tensor.learned or tensor.value.is_meta:
        return None
    view = call.emitter.sized(view)
    volume, axis = call.emitter.volume(view), call.emitter.channel_axis(view)
    fits = axis is not None and is_per_channel(tensor, volume.channels, axis, len(view.axes))
    if not fits or call["alpha"] != 1:
        raise Unsayable("its constants are not one number for each channel")
    numbers = [of_float32(number) for number in tensor.value.reshape(-1).tolist()]
    adds = "add" in call.name or "sub" in call.name
    if not adds:
        return _scaled(call, view, tensor, numbers)
    if volume.channels > MOST_WRITTEN:
        raise Unsayable("its constants are too many to write out")
    ones, none = (1,) * volume.dimensions, alike((0,) * volume.dimensions)
    layer = convolution_words(volume.channels, volume.channels, ones, volume.channels, True, ones, none, ones)
    sign = -1 if "sub" in call.name else 1
    biases = " ".join([short(sign * number) for number in numbers])
    given = ("fixed", "kernel=[1]", f"bias=[{biases}]")
    return call.emitter.kept(layer._replace(tokens=(*layer.tokens, *map(Token, given))), view)


def _scaled(call: Call, view: View, tensor: Tensor, numbers: list[float]) -> View:
    """Read a product or a quotient: a `scale` whose factors are constants."""
    divides = "div" in call.name
    if divides and not all(numbers):
        raise Unsayable("it divides by 0")
    if len(numbers) > MOST_WRITTEN:
        if divides:
            raise Unsayable("the constants that it divides by are too many to write out")
        call.emitter.weights.keep(tensor, "weight")
        return call.emitter.kept(Words("scale", (Token("fixed"),)), view)
    factors = " ".join([short(of_float32(1 / number) if divides else number) for number in numbers])
    return call.emitter.kept(Words("scale", (Token("fixed"), Token(f"kernel=[{factors}]"))), view)
