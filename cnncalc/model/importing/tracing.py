"""What a PyTorch module does, call by call: torch.fx's graph, with the shape of every value.

Values are computed along with the trace, without their numbers (on the meta device, or as fake tensors where
the module's weights are real). So a module may ask for shapes, loop over them and branch on them.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import fx, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from cnncalc.errors import CnncalcError, SpecError, shorten
from cnncalc.volume import Volume

BATCH = 2
"""Images that a module is traced on. With one, a shape would not say where the images are."""


class Scope(NamedTuple):
    """A module that holds others: its path, the name of its class, and that of the nearest real owner's.

    The owner is "" where there is none but the whole network.
    """

    path: str
    kind: str
    owner: str = ""


CONTAINERS = frozenset(("Sequential", "ModuleList", "ModuleDict", "Module", "GraphModule", ""))
"""Classes of modules that only hold others."""


class Traced(NamedTuple):
    """A trace; every node's ``meta`` has its ``value`` (without numbers) and its ``scopes``, outermost first."""

    graph: fx.Graph
    modules: dict[str, nn.Module]
    tensors: Callable[[str], Any]


def trace(module: nn.Module, volume: Volume, is_layer: Callable[[nn.Module], bool]) -> Traced:
    """Trace a module, as it is when testing, on images of this volume; it is handed back as it was.

    ``is_layer`` says which modules are one call, rather than what stands in their ``forward``.

    Raises:
        SpecError: where the module cannot be traced.
    """
    root = _Root(module)
    tracer = _Tracer(volume, _numberless(module), is_layer)
    training = {part: part.training for part in module.modules()}
    try:
        module.eval()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are about computing, and nothing is computed
            graph = tracer.trace(root)
    except CnncalcError:
        raise
    except Exception as error:
        raise tracer.failed(error) from error
    finally:
        for part, mode in training.items():
            part.training = mode
    graph.owning_module = None
    return Traced(graph, dict(root.named_modules()), lambda path: _attribute(root, path))


class _Root(nn.Module):
    """Holds the module, so that it may be a single layer, and takes one input whatever its own takes."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.network = module

    def forward(self, x: torch.Tensor) -> Any:
        return self.network(x)


def module_path(path: str) -> str:
    """Return a path as the user's module knows it: without what holds the module here."""
    return path.removeprefix("network").removeprefix(".")


def _numberless(module: nn.Module) -> tuple[Any, torch.device]:
    """Return a mode in which values have no numbers, and the device that the module works on."""
    tensors = [*module.parameters(), *module.buffers()]
    device = tensors[0].device if tensors else torch.device("meta")
    if all(tensor.is_meta for tensor in tensors):
        return contextlib.nullcontext(), torch.device("meta")
    return FakeTensorMode(allow_non_fake_inputs=True), device


class _Value(fx.Proxy):
    """A proxy that knows its shape, and answers what can be asked of a tensor without its numbers."""

    @property
    def value(self) -> Any:
        return self.node.meta["value"]

    @property
    def __class__(self) -> type:
        """Pass for a tensor where a forward asks, as some do."""
        return torch.Tensor if isinstance(self.value, torch.Tensor) else _Value

    @__class__.setter
    def __class__(self, kind: type) -> None:
        raise TypeError("a value keeps its class")

    def __getattr__(self, name: str) -> Any:
        known = getattr(self.value, name)
        if callable(known):
            return fx.proxy.Attribute(self, name)
        if isinstance(known, torch.Tensor):
            return self.tracer.create_proxy("call_function", getattr, (self, name), {})
        return known

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or one of its numbers."""
        return self.value.shape if dim is None else self.value.shape[dim]

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return iter([super(_Value, self).__getitem__(place) for place in range(len(self.value))])  # type: ignore[misc]


class _Tracer(fx.Tracer):
    """Traces, and computes every value's shape on the way."""

    def __init__(
        self, volume: Volume, numberless: tuple[Any, torch.device], is_layer: Callable[[nn.Module], bool]
    ) -> None:
        super().__init__()
        self.volume = volume
        self.mode, self.device = numberless
        self.is_layer = is_layer
        self.stack: list[Scope] = []
        self.deepest: list[Scope] = []
        self.computing = False

    # ---- what is a call

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return self.is_layer(m)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if self.computing:
            return forward(*args, **kwargs)
        path = self.path_of_module(m)
        if not self.is_layer(m) and type(m).__module__.startswith("torch.nn") and not _holds(m):
            raise cannot_say(path, f"nn.{type(m).__name__}")
        owner = next((scope.kind for scope in self.stack[:0:-1] if scope.kind not in CONTAINERS), "")
        self.stack.append(Scope(path, _kind(m), owner))
        try:
            return super().call_module(m, forward, args, kwargs)
        except BaseException:
            self.deepest = self.deepest or list(self.stack)
            raise
        finally:
            self.stack.pop()

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        return attr_val if self.computing else super().getattr(attr, attr_val, parameter_proxy_cache)

    # ---- values

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Value(node, self)

    def create_arg(self, a: Any) -> Any:
        return a.node if type(a) is _Value else super().create_arg(a)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **named: Any) -> Any:
        """Record a call; what it returns is a proxy where it is a tensor, and else the thing itself."""
        proxy = super().create_proxy(kind, target, args, kwargs, *rest, **named)
        node = proxy.node
        node.meta["scopes"] = tuple(self.stack)
        with self.mode, torch.no_grad(), self._computing():
            node.meta["value"] = self._compute(node)
        return proxy if _has_tensors(node.meta["value"]) else node.meta["value"]

    @contextlib.contextmanager
    def _computing(self) -> Iterator[None]:
        outer, self.computing = self.computing, True
        try:
            yield
        finally:
            self.computing = outer

    def _compute(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            return torch.empty((BATCH, self.volume.channels, *self.volume.spatial), device=self.device)
        if node.op == "get_attr":
            return _attribute(self.root, str(node.target))
        if node.op == "output":
            return None
        args, kwargs = fx.map_arg((node.args, node.kwargs), self._known)
        if node.op == "call_module":
            return self.root.get_submodule(str(node.target)).forward(*args, **kwargs)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **kwargs)
        return node.target(*args, **kwargs)  # type: ignore[operator]  # a call_function's target is a function

    def _known(self, node: fx.Node) -> Any:
        return node.meta["value"] if "value" in node.meta else self._compute(node)

    def failed(self, error: Exception) -> SpecError:
        """Say where a module could not be traced, and why."""
        path = module_path((self.deepest or [Scope("", "")])[-1].path)
        where = f"`{path}` " if path else "the module "
        reason = shorten(str(error).strip().split("\n")[0], 200)
        return SpecError(
            "cannot-trace",
            f"{where}cannot be traced on an input of {self.volume}: {type(error).__name__}: {reason}",
            hints=["the input volume must suit the module, and its steps must not depend on the values in it"],
        )


def cannot_say(path: str, operation: str, why: str = "", hints: tuple[str, ...] = ()) -> SpecError:
    """Make the error for what the language has no word for; a path is one of the trace."""
    where = module_path(path)
    reason = f": {why}" if why else ""
    message = f"the language cannot say {operation}{f' in `{where}`' if where else ''}{reason}"
    return SpecError("cannot-import", message, hints=hints)


def _holds(module: nn.Module) -> bool:
    """Say whether a module of ``torch.nn`` only holds others and calls them."""
    return isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict)


def _kind(module: nn.Module) -> str:
    """Return a class's name; none for a graph module, whose functions lie in no part of it."""
    return "" if isinstance(module, fx.GraphModule) else type(module).__name__


def _has_tensors(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_has_tensors, value))
    return isinstance(value, torch.Tensor)


def _attribute(root: nn.Module, path: str) -> Any:
    """Return what stands under a dotted path, a tensor for a parameter or a buffer."""
    *owners, name = path.split(".")
    return getattr(root.get_submodule(".".join(owners)), name)
