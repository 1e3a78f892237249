# SPDX-License-Identifier: Apache-2.0
"""The forward pass on numpy arrays."""

from typing import Any

import numpy as np

from lighthouse import _arguments
from lighthouse._program import Argument, Function, axis_order, program

ALIGNMENT = 64  # bytes, of the workspace


def attention(
    q: Any, k: Any, v: Any, settings: _arguments.Settings, g: Any = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns out, indices and lse for checked settings."""
    function = prepare(q, k, v, settings, g)
    batch, num_heads, seq_len, _ = q.shape
    inputs = [_readable(array) for array in (q, k, v)]
    if len(function.inputs) > len(inputs):
        inputs.append(np.require(g, requirements=["C", "ALIGNED"]))
    outputs = {argument.name: _allocate(argument, q) for argument in function.outputs}
    arrays = [*inputs, *outputs.values()]
    workspace = np.empty(function.workspace_bytes + ALIGNMENT, np.uint8)
    start = workspace.ctypes.data
    function.op.run(
        function.direction,
        [array.ctypes.data for array in arrays],
        [tuple(stride // array.itemsize for stride in array.strides) for array in arrays],
        start + -start % ALIGNMENT,
    )
    indices = outputs.get("indices")
    if indices is None:
        indices = np.broadcast_to(np.arange(seq_len, dtype=np.int32), (batch, num_heads, seq_len))
    return outputs["out"], indices, outputs["lse"]


def prepare(q: Any, k: Any, v: Any, settings: _arguments.Settings, g: Any = None) -> Function:
    """Checks the arrays and returns the compiled function."""
    for name, array in (("q", q), ("k", k), ("v", v)):
        _check_kind(name, array)
    # A foreign byte order shows in str(dtype), for example ">f4", and is refused with the other dtypes.
    _arguments.dtypes(*(str(array.dtype) for array in (q, k, v)))
    _arguments.shapes(q.shape, k.shape, v.shape)
    _arguments.gates_wanted(settings.scorer, g)
    if g is not None:
        _check_kind("g", g)
        _arguments.gates(g.shape, str(g.dtype), q.shape)
    batch, num_heads, seq_len, head_dim = q.shape
    sizes = (batch, num_heads, k.shape[1], seq_len, head_dim)
    return program("attention", "cpu", str(q.dtype), *sizes, *settings).forward


def _check_kind(name: str, array: Any) -> None:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name}: expects a numpy array, as q is one, but got {type(array).__name__}")
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name}: expects an array without a mask, but got MaskedArray; use filled(0)")


def _readable(array: np.ndarray) -> np.ndarray:
    """The array itself where the kernels can read it in place, otherwise a contiguous copy."""
    whole_steps = all(stride >= 0 and stride % array.itemsize == 0 for stride in array.strides)
    if array.flags.aligned and whole_steps and array.strides[-1] == array.itemsize:
        return array
    return array.copy(order="C")


def _allocate(argument: Argument, q: np.ndarray) -> np.ndarray:
    """Memory of an output: strided ones in the layout of q and in its dtype, the others row-major."""
    if not argument.strided:
        return np.empty(argument.shape, q.dtype if argument.dtype == str(q.dtype) else argument.dtype)
    order = axis_order(argument.shape, q.strides)
    return np.empty([argument.shape[axis] for axis in order], q.dtype).transpose(np.argsort(order))
