"""Errors for what a spec cannot express of a module: they name its part, the operation and the line."""

from __future__ import annotations

from cnncalc.core.errors import SpecError
from cnncalc.model.from_torch.own_gradients import OwnGradient
from cnncalc.model.from_torch.traced_modules import module_path

NO_LAYER = "no layer of a spec computes it"
"""Why a call is refused that nothing reads."""

AS_MATRICES = "it multiplies volumes as matrices, as attention does, and a spec multiplies them position by position"
"""Why a product of two volumes is refused whose sums no layer computes."""

_KINDS = {
    "it is attention, which a spec has no layer for": """
        scaled_dot_product_attention multi_head_attention_forward MultiheadAttention Transformer TransformerEncoder
        TransformerDecoder TransformerEncoderLayer TransformerDecoderLayer baddbmm shifted_window_attention
        shifted_window_attention_3d""",
    "it is recurrent, and a spec has no layer that remembers": "LSTM GRU RNN LSTMCell GRUCell RNNCell lstm gru",
    "it looks up vectors by numbers, and a spec takes images": "Embedding EmbeddingBag embedding one_hot",
    "it goes over to frequencies, and the windows of a spec lie over positions": """
        stft istft fft_fft fft_ifft fft_rfft fft_irfft fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2 fft_rfftn fft_irfftn
        fft_fftn fft_ifftn""",
    "it reads at places that are computed, and the windows of a spec lie in a grid": """
        grid_sample affine_grid grid_sampler deform_conv2d DeformConv2d roi_align roi_pool ps_roi_align""",
    "it chooses by what the values are, and a spec computes the same for all images": """
        argmax argmin topk sort argsort nonzero masked_select masked_fill where kthvalue median searchsorted nms eq ne
        gt ge lt le""",
    "it lays windows out as channels, and the windows of a spec are those of layers that compute": """
        Unfold Fold im2col col2im fold""",
    "a spec has variances in its normalisations alone": "var std var_mean std_mean norm cov corrcoef cdist",
    "the language has no such activation": """
        log log2 log10 log1p exp exp2 expm1 sqrt rsqrt reciprocal sin cos tan atan erf sign round floor ceil LogSigmoid
        logsigmoid Tanhshrink tanhshrink Softshrink softshrink Hardshrink hardshrink CELU RReLU rrelu""",
    "it draws random numbers in tests, too": "rand_like randn_like randint_like normal bernoulli multinomial",
}


def no_layer(name: str) -> str:
    """Say why no layer is what a function or a module does, given its name without ``nn.``."""
    return next((why for why, names in _KINDS.items() if name.rstrip("_") in names.split()), NO_LAYER)


def cannot_say(path: str, operation: str, why: str = "", hints: tuple[str, ...] = (), line: str = "") -> SpecError:
    """Make the error for what the language has no word for; a path is one of the trace."""
    where = module_path(path)
    reason = f": {why}" if why else ""
    place = (f" in `{where}`" if where else "") + (f" ({line})" if line else "")
    return SpecError("cannot-import", f"a spec cannot express {operation}{place}{reason}", hints=hints)


def own_gradient(path: str, function: OwnGradient) -> SpecError:
    """Make the error for a function whose gradient is its own, and that computes what no layer does."""
    why = "it has a gradient of its own, and computes no layer of a spec"
    return cannot_say(path, f"torch.autograd.Function `{function.name}`", why, line=function.line)
