"""What a PyTorch module does, call by call: torch.fx's graph, with the shape of every value.

Values are computed along with the trace, without their numbers (on the meta device, or as fake tensors where
the module's weights are real). So a module may ask for shapes, loop over them and branch on them.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx, nn
from torch._ops import OpOverload
from torch._subclasses.fake_tensor import FakeTensorMode

from cnncalc.core.errors import CnncalcError, SpecError
from cnncalc.core.words import shorten
from cnncalc.model.from_torch.equations import WRITTEN_OUT
from cnncalc.model.from_torch.exported import RunAgain, called, exported
from cnncalc.model.from_torch.given import GivenInput
from cnncalc.model.from_torch.own_gradients import OwnGradients
from cnncalc.model.from_torch.refusals import cannot_say, no_layer, own_gradient
from cnncalc.model.from_torch.source_lines import Lines, line_of_error, line_of_stack
from cnncalc.model.from_torch.traced_modules import (
    CONTAINERS,
    MADE,
    ModuleScope,
    Root,
    attribute,
    inner,
    left_as_it_is,
    module_path,
    tested,
    without_logs,
)
from cnncalc.model.from_torch.traced_values import TracedValue, passing_for_tensors, write_into


class Traced(NamedTuple):
    """A trace.

    Every node's ``meta`` has its ``value`` (without numbers), its ``scopes`` (outermost first), the ``line`` of
    the user's code that made it, the nodes whose memory it ``writes`` over, and the ``function`` with a gradient of its
    own that it is a part of.
    """

    graph: fx.Graph
    root: Root
    modules: dict[str, nn.Module]
    tensors: Callable[[str], Any]


def trace(module: nn.Module, given: Sequence[GivenInput], is_layer: Callable[[nn.Module], bool]) -> Traced:
    """Trace a module, as it is when testing, on inputs of these volumes; it is handed back as it was.

    ``is_layer`` says which modules are one call, rather than what stands in their ``forward``.

    Raises:
        SpecError: where the module cannot be traced.
    """
    tracer = _Tracer(given, _numberless(module), is_layer)
    with left_as_it_is(module), warnings.catch_warnings(), without_logs():
        warnings.simplefilter("ignore")  # they are about computing, and nothing is computed
        tested(module)
        try:
            return tracer.traced(Root(module, [each.argument for each in given]))
        except CnncalcError:
            raise
        except Exception as error:
            other = _Tracer(given, _numberless(module), is_layer)
            try:
                return other.traced(_ExportedRoot(module, other))
            except CnncalcError:  # it came to what a spec cannot express
                raise
            except Exception:
                raise tracer.failed(error) from error


class _ExportedRoot(Root):
    """The module as `torch.export` sees it, which is run with the values of a trace."""

    def __init__(self, module: nn.Module, tracer: _Tracer) -> None:
        super().__init__(module, [each.argument for each in tracer.given])
        inputs = [torch.zeros(each.shape, device=tracer.device) for each in tracer.given]
        self.run = RunAgain(exported(module, self.arguments, inputs), module, tracer.at)

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.run.run(*inputs)


def _numberless(module: nn.Module) -> tuple[Any, torch.device]:
    """Return a mode in which values have no numbers, and the device that the module works on."""
    tensors = [*module.parameters(), *module.buffers()]
    device = tensors[0].device if tensors else torch.device("meta")
    if all(tensor.is_meta for tensor in tensors):
        return contextlib.nullcontext(), torch.device("meta")
    return FakeTensorMode(allow_non_fake_inputs=True), device


class _Tracer(fx.Tracer):
    """Traces, and computes every value's shape on the way."""

    def __init__(
        self, given: Sequence[GivenInput], numberless: tuple[Any, torch.device], is_layer: Callable[[nn.Module], bool]
    ) -> None:
        super().__init__()
        self.given = given
        self.shapes = {each.name or "x": each.shape for each in given}
        self.mode, self.device = numberless
        self.is_layer = is_layer
        self.stack: list[ModuleScope] = []
        self.deepest: list[ModuleScope] = []
        self.computing = False
        self.written = ""  # the function that is being written out as others
        self.exported: tuple[tuple[ModuleScope, ...], str] | None = None
        self.known: dict[str, nn.Module] = {}
        self.lines = Lines(trace)
        self.functions = OwnGradients(self.lines, lambda function: own_gradient(self._here(), function))

    def traced(self, root: Root) -> Traced:
        """Trace what a root does."""
        with passing_for_tensors(), self.functions.seen():
            graph = self.trace(root)
        graph.owning_module = None
        return Traced(graph, root, dict(root.named_modules()), lambda path: attribute(root, path))

    def create_args_for_root(self, root_fn: Any, is_module: bool, concrete_args: Any = None) -> Any:
        """Return a value for every input."""
        return root_fn, [self.root, *[self.create_proxy("placeholder", name, (), {}) for name in self.shapes]]

    def at(self, node: fx.Node) -> None:
        """Note which call of an exported graph is next: its own modules and line are those of the user's code."""
        self.known = self.known or dict(self.root.named_modules())
        scopes: list[ModuleScope] = []
        for path, _ in node.meta.get("nn_module_stack", {}).values():
            full = f"{Root.HOLDS}.{path}".rstrip(".")
            part = self.known.get(full)
            if part is None or self.is_layer(part):
                continue
            owner = next((scope.kind for scope in scopes[::-1] if scope.kind not in CONTAINERS), "")
            scopes.append(ModuleScope(full, _kind(part), owner))
        self.exported = tuple(scopes), line_of_stack(node.meta.get("stack_trace", ""))

    # ---- what is a call

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return self.is_layer(m)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if self.computing:
            return forward(*args, **kwargs)
        if self._only_groups(m):
            return forward(*args, **kwargs)
        if (held := inner(m)) is not m:
            return held(*args, **kwargs)
        if isinstance(m, torch.jit.ScriptModule):
            why = "its code is TorchScript, which says nothing of modules: import what it was made from"
            raise cannot_say(self._path(m), "a torch.jit.ScriptModule", why, line=self._line)
        path = self._path(m)
        if not self.is_layer(m) and type(m).__module__.startswith("torch.nn") and not _holds(m):
            raise cannot_say(path, f"nn.{type(m).__name__}", no_layer(type(m).__name__), line=self._line)
        owner = next((scope.kind for scope in self.stack[:0:-1] if scope.kind not in CONTAINERS), "")
        self.stack.append(ModuleScope(path, _kind(m), owner))
        depth = len(self.module_stack)
        try:
            result = super().call_module(m, forward, args, kwargs)
            self.deepest = []  # what was raised on the way has been caught
            return result
        except BaseException:
            self.deepest = self.deepest or list(self.stack)
            for key in list(self.module_stack)[depth:]:
                del self.module_stack[key]  # the caller may catch it, and call the module in another way
            raise
        finally:
            self.stack.pop()

    def _only_groups(self, module: nn.Module) -> bool:
        """Say whether a module is made in a forward of parts that stand elsewhere, as a range of a Sequential is."""
        assert self.submodule_paths is not None  # there are some while a module is traced
        if module in self.submodule_paths:
            return False
        children = list(module.children())
        return bool(children) and all(child in self.submodule_paths for child in children)

    def _path(self, module: nn.Module) -> str:
        """Return where a module stands; one that is made in a forward, and learns nothing, gets a place here."""
        paths = self.submodule_paths
        assert paths is not None  # there are some while a module is traced
        if module not in paths:
            if any(True for _ in (*module.parameters(), *module.buffers())):
                why = "it is made in forward, with new weights at every call"
                raise cannot_say(self._here(), f"nn.{type(module).__name__}", why, line=self._line)
            name = f"{MADE}{len(paths)}"
            self.root.add_module(name, module.eval())
            paths |= {part: f"{name}.{path}".rstrip(".") for path, part in module.named_modules()}
        return self.path_of_module(module)

    def _here(self) -> str:
        scopes = self.exported[0] if self.exported else self.stack
        return scopes[-1].path if scopes else ""

    @property
    def _line(self) -> str:
        return self.exported[1] if self.exported else self.lines.now()

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        return attr_val if self.computing else super().getattr(attr, attr_val, parameter_proxy_cache)

    # ---- values

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return TracedValue(node, self)

    def create_arg(self, a: Any) -> Any:
        named = isinstance(a, tuple) and hasattr(a, "_fields")  # which fx would take for a call
        return a.node if type(a) is TracedValue else super().create_arg(tuple(a) if named else a)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **named: Any) -> Any:
        """Record a call; what it returns is a proxy where it is a tensor, and else the thing itself."""
        if isinstance(target, OpOverload):
            target, args, kwargs = called(target, args, kwargs)
        if not self.written and not self.computing:
            made = self._written_out(target if isinstance(target, str) else target.__name__, args)
            if made is not None:
                return made
        self._check_target(target, args)
        proxy = super().create_proxy(kind, target, args, kwargs, *rest, **named)
        node = proxy.node
        node.meta["scopes"], node.meta["line"] = self.exported or (tuple(self.stack), self.lines.now())
        node.meta["function"], node.meta["written"] = self.functions.now(), self.written
        before, forms = _versions(node.all_input_nodes), _forms(node.all_input_nodes)
        with self.mode, torch.no_grad(), self._computing():
            node.meta["value"] = self._compute(node)
            _keep_forms(forms)
        after = _versions(node.all_input_nodes)
        node.meta["writes"] = [source for source, version in before.items() if after[source] != version]
        return proxy if _has_tensors(node.meta["value"]) else node.meta["value"]

    def _written_out(self, name: str, args: Any) -> Any:
        """Record the calls that one stands for; None for a call that is read as it is."""
        if name not in WRITTEN_OUT:
            return None
        self.written = name
        try:
            return WRITTEN_OUT[name](*args)
        finally:
            self.written = ""

    def _check_target(self, target: Any, args: Any) -> None:
        """Refuse to write what is traced into a tensor that the module makes on its way: it would not be seen."""
        name = target if isinstance(target, str) else getattr(target, "__name__", "")
        writes = name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))
        if not writes or not args or type(args[0]) is TracedValue or not isinstance(args[0], torch.Tensor):
            return
        kept = (*self.root.parameters(), *self.root.buffers())
        if not any(args[0] is tensor for tensor in kept):
            why = "it writes into a tensor that does not come from the input"
            operation = write_into.__name__ if name == "__setitem__" else name
            raise cannot_say(self._here(), f"`{operation}`", why, line=self._line)

    @contextlib.contextmanager
    def _computing(self) -> Iterator[None]:
        outer, self.computing = self.computing, True
        try:
            yield
        finally:
            self.computing = outer

    def _compute(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            return torch.empty(self.shapes[str(node.target)], device=self.device)
        if node.op == "get_attr":
            return attribute(self.root, str(node.target))
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
        path = module_path((self.deepest or [ModuleScope("", "")])[-1].path)
        line = line_of_error(error)
        where = (f"`{path}` " if path else "the module ") + (f"({line}) " if line else "")
        reason = shorten(str(error).strip().split("\n")[0], 200)
        return SpecError(
            "cannot-trace",
            f"{where}cannot be traced on {self._inputs()}: {type(error).__name__}: {reason}",
            hints=["the input volume must suit the module, and its steps must not depend on the values in it"],
        )

    def _inputs(self) -> str:
        """Say what it is traced on."""
        if len(self.given) == 1:
            return f"an input of {self.given[0].volume}"
        return f"inputs of {', '.join([f'{each.name} {each.volume}' for each in self.given])}"


def _versions(nodes: Iterable[fx.Node]) -> dict[fx.Node, int]:
    """Return how often the memory of each value has been written over, as PyTorch counts it."""
    values = {node: node.meta.get("value") for node in nodes}
    return {node: value._version for node, value in values.items() if isinstance(value, torch.Tensor)}


def _forms(nodes: Iterable[fx.Node]) -> dict[fx.Node, tuple[torch.Size, tuple[int, ...]]]:
    """Return the shape of each value, and how it lies in memory."""
    values = {node: node.meta.get("value") for node in nodes}
    return {n: (v.shape, v.stride()) for n, v in values.items() if isinstance(v, torch.Tensor) and not v.is_sparse}


def _keep_forms(forms: Mapping[fx.Node, tuple[torch.Size, tuple[int, ...]]]) -> None:
    """Give values the shape back that they were made with, where a call has changed it in place (``unsqueeze_``)."""
    for node, (shape, stride) in forms.items():
        value = node.meta["value"]
        if value.shape != shape:
            node.meta["value"] = value.as_strided(shape, stride)


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
