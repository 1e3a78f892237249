# SPDX-License-Identifier: Apache-2.0
"""Compiled programs by spec and device, with their signatures as plain Python data; the memory layout of results."""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lighthouse import _cuda, _lighthouse

_caches: list[Any] = []


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """``functools.lru_cache`` that ``clear_memory_cache`` empties. 1 and True are not the same key."""
    wrapper = functools.lru_cache(maxsize=1024, typed=True)(function)
    _caches.append(wrapper)
    return wrapper


class Argument(NamedTuple):
    """One argument of a compiled function; ``strided`` ones may have any strides with the last dimension contiguous."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    is_output: bool
    strided: bool


class Launch(NamedTuple):
    """One launch of a compiled function, and what it costs by the definition of its stages."""

    kernel: str
    items: int  # on a GPU the blocks of the grid
    threads: int  # of a block; 0 on the CPU
    moved_bytes: int  # each tensor that it reads or writes once
    flops: float


class Signature:
    """What one direction takes, in order, and gives."""

    def __init__(self, arguments: Sequence[tuple], workspace_bytes: int) -> None:
        arguments = [Argument(*argument) for argument in arguments]
        self.workspace_bytes = workspace_bytes
        self.inputs = tuple(argument for argument in arguments if not argument.is_output)
        self.outputs = tuple(argument for argument in arguments if argument.is_output)


class Function(Signature):
    """One direction of a program."""

    def __init__(self, op: _lighthouse.Op, direction: str) -> None:
        super().__init__(*op.signature(direction))
        self.direction = direction
        self.op = op
        self.launches = tuple(Launch(*launch) for launch in op.launches(direction))


class Outline(NamedTuple):
    """What is known of a program before it is compiled."""

    forward: Signature
    backward: Signature


class Program(NamedTuple):
    """A compiled spec."""

    forward: Function
    backward: Function


class Key(NamedTuple):
    """Which program: a spec's fields, a device ("cpu", "cuda:0"), and whether every run has to give the same bits.

    Deterministic or not, forward gives the same bits, and backward takes the same inputs; its outputs may have other
    dtypes. Where a spec's results have the same bits anyway both are the same code.
    """

    op: str
    device: str
    dtype: str
    batch: int
    num_heads: int
    num_kv_heads: int
    seq_len: int
    head_dim: int
    num_levels: int
    pooling_factor: int
    topk: int
    scorer: str = "norm"
    scale: float = 0.0
    dilation: int = 4
    deterministic: bool = False

    @property
    def spec(self) -> _lighthouse.Spec:
        fields = self._asdict()
        del fields["device"], fields["deterministic"]
        return _lighthouse.Spec(**fields)


@cached
def program(*key: Any) -> Program:
    """Returns the program of a ``Key``'s values, compiled now if need be.

    Raises ValueError for sizes that do not go together.
    """
    key = Key(*key)
    if key.device != "cpu":
        _cuda.refuse_in_capture()
        _cuda.add_tool_folders()
    op = _lighthouse.get_op(key.spec, key.device, key.deterministic)
    return Program(Function(op, "forward"), Function(op, "backward"))


@cached
def outline(*key: Any) -> Outline:
    """Returns what the program of a ``Key``'s values takes and gives, while a thread begins to compile it.

    So torch.compile, which asks when it traces, does not wait, and the first run finds code that is done or under way.

    Raises ValueError for sizes that do not go together.
    """
    of = Key(*key)
    signatures = _lighthouse.signatures(of.spec, of.device, of.deterministic)
    if os.environ.get("LIGHTHOUSE_AUTOTUNE") != "1":  # Tuning wants the device for itself.
        threading.Thread(target=_compile_ahead, args=key, name="lighthouse-compile").start()
    return Outline(*(Signature(*signature) for signature in signatures))


def _compile_ahead(*key: Any) -> None:
    with contextlib.suppress(Exception):  # The first run tries again, and tells.
        program(*key)


def clear_memory_cache() -> None:
    """Drops every compiled program this process holds; the cache on disk stays."""
    for cache in _caches:
        cache.cache_clear()
    _lighthouse.clear_memory_cache()


def axis_order(shape: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Axes from the outermost to the innermost in memory, the last axis always innermost.

    An axis that does not move in memory (size 1, or stride 0 of an expanded tensor) keeps its own place.
    """
    order = list(range(len(shape)))
    moving = [axis for axis in order[:-1] if shape[axis] > 1 and strides[axis] != 0]
    by_stride = sorted(moving, key=lambda axis: -strides[axis])
    for place, axis in zip(moving, by_stride, strict=True):
        order[place] = axis
    return order


def dense_strides(shape: Sequence[int], like: Sequence[int] | None = None) -> tuple[int, ...]:
    """Strides of a tensor without gaps of this shape, its axes in the order that strides ``like`` give them."""
    strides = [0] * len(shape)
    step = 1
    for axis in reversed(range(len(shape)) if like is None else axis_order(shape, like)):
        strides[axis] = step
        step *= shape[axis]
    return tuple(strides)
