# SPDX-License-Identifier: Apache-2.0
"""Compiled programs on torch tensors: which program, fresh outputs, and the run.

Sizes and strides are taken as plain ints, because a program is compiled for its sizes; torch.compile therefore compiles
anew for another shape.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lighthouse import _lighthouse
from lighthouse._program import (
    Argument,
    Function,
    Key,
    Outline,
    Program,
    Signature,
    cached,
    dense_strides,
    outline,
    program,
)

ALIGNMENT = 64  # bytes, of what lies in a block
ROW_ALIGNMENT = 16  # bytes, of what a GPU reads
SMALL = 1 << 20  # bytes, of a block and a workspace that are kept in one piece: a second one costs more time than room
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "int32": torch.int32}
# torch.are_deterministic_algorithms_enabled, without its Python.
is_deterministic = torch._C._get_deterministic_algorithms
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}

# The current stream's address; torch.cuda.current_stream makes an object first.
_stream = getattr(torch._C, "_cuda_getCurrentRawStream", None) or (
    lambda index: torch.cuda.current_stream(index).cuda_stream
)


class Block(NamedTuple):
    """Arguments that share one tensor of bytes: where each starts."""

    offsets: Mapping[str, int]
    bytes: int

    @staticmethod
    def of(arguments: Iterable[Argument]) -> "Block":
        offsets, end = {}, 0
        for argument in arguments:
            offsets[argument.name] = end
            end += -(-_bytes_of(argument) // ALIGNMENT) * ALIGNMENT
        return Block(offsets, end)

    def view(self, memory: Tensor, argument: Argument) -> Tensor:
        """The argument as a tensor."""
        start = self.offsets[argument.name]
        return memory[start : start + _bytes_of(argument)].view(DTYPES[argument.dtype]).view(argument.shape)


class Bound:
    """A compiled function, bound to the layouts of a call's tensors: all that does not change from call to call.

    Args:
        function: the compiled function.
        device: of every tensor.
        strides: of the input tensors, in the order of the signature, those in ``block`` left out.
        layouts: strides whose order of axes strided outputs get, by name.
        block: inputs that lie in a block.
        apart: names of the outputs that are tensors of their own; None for all. The others share a block.
    """

    def __init__(
        self,
        function: Function,
        device: torch.device,
        strides: Sequence[Sequence[int]],
        layouts: Mapping[str, Sequence[int]],
        block: Block | None = None,
        apart: Collection[str] | None = None,
    ) -> None:
        self.device = device
        on_gpu = device.type == "cuda"
        self.stream_of = device.index if on_gpu else None
        block = block or Block.of(())
        inputs = [argument for argument in function.inputs if argument.name not in block.offsets]
        outputs = [argument for argument in function.outputs if apart is None or argument.name in apart]
        self.block = Block.of(argument for argument in function.outputs if argument not in outputs)
        self.workspace_bytes = function.workspace_bytes
        self.results = []
        self.copied = []  # inputs that the kernels cannot read in place

        places = []  # of each tensor: its memory's number, an offset in it, strides
        for argument, given in zip(inputs, strides, strict=True):
            in_place = _in_place(argument, given, on_gpu)
            if not in_place:
                self.copied.append(len(places))
            places.append((len(places), 0, given if in_place else dense_strides(argument.shape)))
        for argument in outputs:
            dense = dense_strides(argument.shape, layouts.get(argument.name) if argument.strided else None)
            self.results.append((argument.shape, dense, DTYPES[argument.dtype]))
            places.append((len(places), 0, dense))
        by_name = {argument.name: place for argument, place in zip((*inputs, *outputs), places, strict=True)}
        memory = len(places)
        for each in filter(lambda each: each.bytes, (block, self.block)):
            for argument in (*function.inputs, *function.outputs):
                if argument.name in each.offsets:
                    by_name[argument.name] = (memory, each.offsets[argument.name], dense_strides(argument.shape))
            memory += 1
        order = [by_name[argument.name] for argument in (*function.inputs, *function.outputs)]
        self.call = _lighthouse.Call(function.op, function.direction, order)

    def __call__(
        self, inputs: list[Tensor], block: Tensor | None = None, keep: bool = True
    ) -> tuple[list[Tensor], Tensor | None]:
        """Runs, on a GPU on its current stream. Returns the outputs that are apart, and the block of the others.

        On a GPU all inputs start at multiples of ``ROW_ALIGNMENT``. Without ``keep`` the block is scratch memory too,
        and not returned. The block's memory may be longer than the block.
        """
        device = self.device
        if self.copied:
            inputs = [x.contiguous() if index in self.copied else x for index, x in enumerate(inputs)]
        outputs = [
            torch.empty_strided(shape, strides, dtype=dtype, device=device) for shape, strides, dtype in self.results
        ]
        addresses = [tensor.data_ptr() for tensor in (*inputs, *outputs)]
        if block is not None:
            addresses.append(block.data_ptr())
        both = self.block.bytes + self.workspace_bytes
        if self.block.bytes and (not keep or both <= SMALL):
            # One piece of memory: a block's size is a multiple of ALIGNMENT.
            memory = torch.empty(both, dtype=torch.uint8, device=device) if keep else _scratch(both, device)
            start = memory.data_ptr()
            addresses += (start, start + self.block.bytes)
            return self._launch(addresses, outputs, memory if keep else None)
        kept = workspace = None
        if self.block.bytes:
            kept = torch.empty(self.block.bytes, dtype=torch.uint8, device=device)
            addresses.append(kept.data_ptr())
        if self.workspace_bytes:
            workspace = _scratch(self.workspace_bytes, device)
        addresses.append(0 if workspace is None else workspace.data_ptr())
        return self._launch(addresses, outputs, kept)

    def _launch(
        self, addresses: list[int], outputs: list[Tensor], kept: Tensor | None
    ) -> tuple[list[Tensor], Tensor | None]:
        if self.stream_of is None:
            self.call(addresses, torch.get_num_threads())
        else:
            self.call(addresses, 0, _stream(self.stream_of))
        return outputs, kept


def _scratch(size: int, device: torch.device) -> torch.UntypedStorage:
    """Memory with an alignment of 64 bytes or more, as all of torch's, that no tensor needs to be made of."""
    return torch.UntypedStorage(size, device=device)


@cached
def _bind(function: Function, device: torch.device, strides: tuple, layouts: tuple) -> Bound:
    return Bound(function, device, strides, dict(layouts))


def run(function: Function, inputs: Sequence[Tensor], layouts: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """Runs a compiled function on tensors in the order of its signature. Returns fresh outputs as ``allocate`` does."""
    device = inputs[0].device
    for argument, tensor in zip(function.inputs, inputs, strict=True):
        check(argument, tensor, device)
    readable = [_aligned(tensor) for tensor in inputs]
    layouts_key = tuple((name, tuple(strides)) for name, strides in layouts.items())
    bound = _bind(function, device, tuple(tensor.stride() for tensor in readable), layouts_key)
    outputs, _ = bound(readable)
    return {argument.name: tensor for argument, tensor in zip(function.outputs, outputs, strict=True)}


def _aligned(tensor: Tensor) -> Tensor:
    """The tensor itself, or a copy where a GPU could not read it 16 bytes at a time."""
    if tensor.is_cuda and tensor.data_ptr() % ROW_ALIGNMENT:
        return tensor.clone(memory_format=torch.contiguous_format)
    return tensor


def allocate(function: Signature, layouts: Mapping[str, Sequence[int]], device: torch.device) -> dict[str, Tensor]:
    """Fresh outputs by name; a strided one has the order of axes that ``layouts`` gives for it."""
    outputs = {}
    for argument in function.outputs:
        like = layouts.get(argument.name) if argument.strided else None
        strides = dense_strides(argument.shape, like and [int(stride) for stride in like])
        outputs[argument.name] = torch.empty_strided(
            argument.shape, strides, dtype=DTYPES[argument.dtype], device=device
        )
    return outputs


def _bytes_of(argument: Argument) -> int:
    count = DTYPES[argument.dtype].itemsize
    for size in argument.shape:
        count *= size
    return count


def _in_place(argument: Argument, strides: Sequence[int], on_gpu: bool) -> bool:
    """Whether kernels can read a tensor of these strides, or need a contiguous copy."""
    moving = [axis for axis, size in enumerate(argument.shape) if size > 1]
    if not argument.strided:
        dense = dense_strides(argument.shape)
        return all(strides[axis] == dense[axis] for axis in moving)
    step = ROW_ALIGNMENT // DTYPES[argument.dtype].itemsize if on_gpu else 1
    return strides[-1] == 1 and all(strides[axis] % step == 0 for axis in moving[:-1])


def run_on(device: torch.device, workspace_bytes: int, call: Callable[[int, int, int], None]) -> None:
    """Calls with the address of scratch memory, a number of threads, and the device's current stream."""
    workspace = _scratch(workspace_bytes, device) if workspace_bytes else None
    address = 0 if workspace is None else workspace.data_ptr()
    if device.type == "cuda":
        call(address, 0, _stream(device.index))
    else:
        call(address, torch.get_num_threads(), 0)


def readable(tensor: Tensor) -> Tensor:
    """The tensor itself, or a contiguous copy where kernels can't read it in place."""
    step = ROW_ALIGNMENT // tensor.element_size() if tensor.is_cuda else 1
    *outer, inner = zip(tensor.shape, tensor.stride(), strict=True)
    in_place = inner[1] == 1 and all(size == 1 or stride % step == 0 for size, stride in outer)
    return _aligned(tensor if in_place else tensor.contiguous())


def check(argument: Argument, tensor: Tensor | None, device: torch.device) -> None:
    """Checks a tensor against the compiled argument."""
    if tensor is None:
        raise ValueError(f"{argument.name}: expects a {argument.dtype} tensor, but got None")
    if tuple(tensor.shape) != argument.shape or tensor.dtype != DTYPES[argument.dtype] or tensor.device != device:
        raise ValueError(
            f"{argument.name}: expects a {argument.dtype} tensor of shape {list(argument.shape)} on {device}, but got "
            f"{tensor.dtype} {list(tensor.shape)} on {tensor.device}"
        )


def check_kept(kept: Tensor, size: int) -> None:
    """Checks memory that forward left for backward."""
    if kept.dtype is not torch.uint8 or kept.numel() < size:
        raise ValueError(f"kept: expects {size} bytes, but got {kept.dtype} {list(kept.shape)}")


def named(arguments: Iterable[Argument], tensors: Mapping[str, Tensor]) -> list[Tensor]:
    return [tensors[argument.name] for argument in arguments]


def inputs_of(function: Signature, q: Tensor, k: Tensor, v: Tensor, g: Tensor | None) -> list[Tensor]:
    """Inputs of a forward function: log gates only where it reads them, which with one level it does not."""
    return [q, k, v] if len(function.inputs) == 3 else [q, k, v, g]


def program_of(
    op: str, q: Tensor, num_kv_heads: int, seq_len: int, *settings: Any, compute: bool = True
) -> Program | Outline:
    """Program for q [B, Hq, *, D] on its device, or where nothing is to be computed what is known of it.

    It is deterministic where torch's algorithms are to be so now. ``settings``: ``num_levels``, ``pooling_factor``,
    ``topk``, and if need be ``scorer``, ``scale``, ``dilation``.
    """
    if q.ndim != 4:
        raise ValueError(f"{op}: expects 4 dimensions, but got shape {list(q.shape)}")
    if q.dtype not in DTYPE_NAMES:
        raise TypeError(f"{op}: expects dtype float32, bfloat16 or float16, but got {q.dtype}")
    sizes = map(int, (q.shape[0], q.shape[1], num_kv_heads, seq_len, q.shape[3], *settings[:3]))
    scorer, scale, dilation = settings[3:] or ("norm", 0.0, 4)
    key = Key(op, str(q.device), DTYPE_NAMES[q.dtype], *sizes, scorer, scale, int(dilation), is_deterministic())
    return (program if compute else outline)(*key)
