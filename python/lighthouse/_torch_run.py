# SPDX-License-Identifier: Apache-2.0
"""Compiled programs on torch tensors: which program, fresh outputs, and the run.

Sizes and strides are taken as plain ints, because a program is compiled for its sizes; torch.compile therefore compiles
anew for another shape.
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from lighthouse._program import Argument, Function, Program, dense_strides, program

ALIGNMENT = 64  # bytes, of the workspace
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "int32": torch.int32}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}


def run(function: Function, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
    """Runs a compiled function on CPU tensors, inputs and outputs in the order of its signature."""
    tensors = [_readable(argument, tensor) for argument, tensor in zip(function.inputs, inputs, strict=True)]
    tensors += outputs
    workspace = torch.empty(function.workspace_bytes + ALIGNMENT, dtype=torch.uint8)
    start = workspace.data_ptr()
    function.op.run(
        function.direction,
        [tensor.data_ptr() for tensor in tensors],
        [tensor.stride() for tensor in tensors],
        start + -start % ALIGNMENT,
        torch.get_num_threads(),
    )


def allocate(function: Function, layouts: Mapping[str, Sequence[int]], device: torch.device) -> dict[str, Tensor]:
    """Fresh outputs by name; a strided one has the order of axes that ``layouts`` gives for it."""
    outputs = {}
    for argument in function.outputs:
        row_major = [1] * len(argument.shape)
        like = layouts.get(argument.name, row_major) if argument.strided else row_major
        outputs[argument.name] = torch.empty_strided(
            argument.shape,
            dense_strides(argument.shape, [int(stride) for stride in like]),
            dtype=DTYPES[argument.dtype],
            device=device,
        )
    return outputs


def _readable(argument: Argument, tensor: Tensor) -> Tensor:
    """Checks a tensor against the compiled argument; copies it where the kernels cannot read it in place."""
    if tuple(tensor.shape) != argument.shape or tensor.dtype != DTYPES[argument.dtype] or not tensor.is_cpu:
        raise ValueError(
            f"{argument.name}: expects a {argument.dtype} tensor of shape {list(argument.shape)} on cpu, but got "
            f"{tensor.dtype} {list(tensor.shape)} on {tensor.device}"
        )
    in_place = tensor.stride(-1) == 1 if argument.strided else tensor.is_contiguous()
    return tensor if in_place else tensor.contiguous()


def named(arguments: Iterable[Argument], tensors: Mapping[str, Tensor]) -> list[Tensor]:
    return [tensors[argument.name] for argument in arguments]


def program_of(
    op: str, q: Tensor, num_kv_heads: int, seq_len: int, levels: tuple[int, int, int], scorer: str, scale: float = 0.0
) -> Program:
    """Program for q [B, Hq, *, D]; ``levels`` is num_levels, pooling_factor, topk."""
    if q.dtype not in DTYPE_NAMES:
        raise TypeError(f"{op}: expects dtype float32, bfloat16 or float16, but got {q.dtype}")
    sizes = (q.shape[0], q.shape[1], num_kv_heads, seq_len, q.shape[3])
    return program(op, DTYPE_NAMES[q.dtype], *map(int, (*sizes, *levels)), scorer, scale)
