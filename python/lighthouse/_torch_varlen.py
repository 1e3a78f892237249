# SPDX-License-Identifier: Apache-2.0
"""Packed documents on torch tensors: the operators ``torch.ops.lighthouse.varlen_attention`` and its backward.

What backward keeps of forward lies in one piece of memory, whose size only the lengths of the documents decide.
"""

import weakref
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from lighthouse import _arguments, _cuda, _lighthouse, _torch, _torch_batches, _varlen
from lighthouse._program import Argument, cached, dense_strides
from lighthouse._torch_batches import Batches, Heads
from lighthouse._torch_run import DTYPE_NAMES, check, check_kept, is_deterministic, readable, run_on

# Numbers of the tensor on a GPU that was read last: the tensor, its version, the numbers.
_last_read: tuple[Any, int, list[int]] | None = None


def attention(q: Any, k: Any, v: Any, cu_seqlens: Any, max_seqlen: Any, settings: tuple, g: Any) -> Tensor:
    """Returns out; see ``lighthouse.varlen_attention``."""
    q, k, v, cu_seqlens, most, settings = _checked(q, k, v, cu_seqlens, max_seqlen, settings, g)
    return varlen_attention(q, k, v, cu_seqlens, most, *settings, g)[0]


def prepare(q: Any, k: Any, v: Any, cu_seqlens: Any, max_seqlen: Any, settings: tuple, g: Any) -> None:
    """Compiles and loads what ``attention`` needs; see ``lighthouse.prepare_varlen``."""
    q, k, v, cu_seqlens, most, settings = _checked(q, k, v, cu_seqlens, max_seqlen, settings, g)
    _pack_of(q, k.shape[1], _on_host(cu_seqlens, most), settings)


def _checked(q: Any, k: Any, v: Any, cu_seqlens: Any, max_seqlen: Any, settings: tuple, g: Any) -> tuple:
    settings = _torch.checked_settings(settings)
    _arguments.gates_wanted(settings.scorer, g)
    if not isinstance(q, Tensor):
        raise TypeError(f"q: expects a torch tensor, but got {type(q).__name__}")
    _torch.check_tensors(q, k, v, g)
    q, k, v = _torch.autocast(q, k, v)
    _arguments.dtypes(*(str(tensor.dtype).removeprefix("torch.") for tensor in (q, k, v)))
    _arguments.packed_shapes(q.shape, k.shape, v.shape)
    if g is not None:
        _arguments.gates(g.shape, str(g.dtype).removeprefix("torch."), q.shape)
    if not isinstance(cu_seqlens, Tensor):
        cu_seqlens = torch.tensor(_varlen.bounds(cu_seqlens), dtype=torch.int64)
    elif cu_seqlens.dtype != torch.int32:
        raise TypeError(f"cu_seqlens: expects dtype int32, but got {cu_seqlens.dtype}; use cu_seqlens.int()")
    if cu_seqlens.layout != torch.strided or cu_seqlens.device.type not in _arguments.DEVICES:
        raise TypeError(
            f"cu_seqlens: expects a dense tensor on cpu or cuda, but got layout {cu_seqlens.layout} on "
            f"{cu_seqlens.device}; a list of ints does as well"
        )
    if cu_seqlens.ndim != 1:
        raise ValueError(f"cu_seqlens: expects one dimension [documents + 1], but got {list(cu_seqlens.shape)}")
    return q, k, v, cu_seqlens, -1 if max_seqlen is None else _arguments.integer("max_seqlen", max_seqlen), settings


# Documents -----------------------------------------------------------------------------------------------------------


def _on_host(cu_seqlens: Tensor, max_seqlen: int) -> tuple[int, ...]:
    """The numbers, checked against ``max_seqlen`` where that is no -1."""
    numbers = _read(cu_seqlens) if cu_seqlens.is_cuda else cu_seqlens.tolist()
    longest = max((end - begin for begin, end in pairwise(numbers)), default=0)
    if max_seqlen != -1 and longest > max_seqlen:
        raise ValueError(f"max_seqlen: expects at least the longest document's {longest} tokens, but got {max_seqlen}")
    return tuple(numbers)


def _read(cu_seqlens: Tensor) -> list[int]:
    """The numbers of a tensor on a GPU, which is waited for; not again for the same tensor if it has not changed."""
    global _last_read
    version = -1 if cu_seqlens.is_inference() else cu_seqlens._version
    if version != -1 and _last_read is not None:
        tensor, known, numbers = _last_read
        if tensor() is cu_seqlens and known == version:
            return numbers
    if torch.cuda.is_current_stream_capturing():
        raise RuntimeError(
            "cu_seqlens: expects numbers on the host while a CUDA graph is captured, but got a tensor on "
            f"{cu_seqlens.device}; give a tensor on the CPU or a list, whose documents the graph will then have"
        )
    numbers = cu_seqlens.tolist()
    _last_read = (weakref.ref(cu_seqlens), version, numbers)
    return numbers


class Pack:
    """The compiled ops of packed documents."""

    def __init__(
        self, spec: _lighthouse.Spec, cu_seqlens: tuple[int, ...], settings: _arguments.Settings, heads: Heads
    ) -> None:
        groups = _torch_batches.group(cu_seqlens, settings, heads.device)
        in_batches = sorted(number for numbers in groups.values() for number in numbers)
        self.op = _lighthouse.get_varlen_op(spec, cu_seqlens, heads.device, heads.deterministic, in_batches)
        self.batches = Batches(cu_seqlens, groups, heads)
        self.reads_tokens = self.op.reads_tokens or bool(groups)
        arguments, forward = self.op.signature("forward")
        backward_arguments, backward = self.op.signature("backward")
        self.arguments = {
            direction: [Argument(*each) for each in given]
            for direction, given in (("forward", arguments), ("backward", backward_arguments))
        }
        self.workspace_bytes = {"forward": forward, "backward": backward}
        ((own_bytes,),) = (shape for name, _, shape, *_ in arguments if name == "kept")
        self.own_bytes = own_bytes  # of what is kept, in front of the batches'
        self.kept_bytes = own_bytes + self.batches.kept_bytes

    def forward(self, q: Tensor, k: Tensor, v: Tensor, g: Tensor | None, out: Tensor, kept: Tensor) -> None:
        self._run("forward", [q, k, v, *([] if g is None else [g]), out, kept])
        self.batches.forward(q, k, v, out, kept[self.own_bytes :])

    def backward(
        self, tokens: Sequence[Tensor | None], dout: Tensor, kept: Tensor, gradients: Sequence[Tensor]
    ) -> None:
        """``tokens``: q, k, v and out, or None where they are not read."""
        self._run("backward", [*tokens, dout, kept, *gradients])
        self.batches.backward(tokens, dout, kept[self.own_bytes :], gradients)

    def _run(self, direction: str, tensors: Sequence[Tensor | None]) -> None:
        """``tensors`` in the order of the signature; None for one that is not read."""
        for argument, tensor in zip(self.arguments[direction], tensors, strict=True):
            if argument.name == "kept":
                check_kept(tensor, self.kept_bytes)
            elif tensor is not None:
                check(argument, tensor, tensor.device)
        if not self.op.documents():
            return
        pointers = [0 if tensor is None else tensor.data_ptr() for tensor in tensors]
        strides = [(0, 0, 1) if tensor is None else tensor.stride() for tensor in tensors]
        device = next(tensor.device for tensor in tensors if tensor is not None)
        run_on(device, self.workspace_bytes[direction], lambda *how: self.op.run(direction, pointers, strides, *how))


@cached
def _pack(
    device: str,
    dtype: str,
    tokens: int,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
    settings: _arguments.Settings,
    cu_seqlens: tuple[int, ...],
    deterministic: bool,
) -> Pack:
    if device != "cpu":
        _cuda.refuse_in_capture()
        _cuda.add_tool_folders()
    spec = _lighthouse.Spec(
        dtype=dtype,
        num_heads=num_heads,
        num_kv_heads=num_kv_heads,
        seq_len=tokens,
        head_dim=head_dim,
        **settings._asdict(),
    )
    heads = Heads(device, dtype, num_heads, num_kv_heads, head_dim, settings.scale, deterministic)
    return Pack(spec, cu_seqlens, settings, heads)


def _pack_of(q: Tensor, num_kv_heads: int, cu_seqlens: tuple[int, ...], settings: Sequence) -> Pack:
    tokens, num_heads, head_dim = q.shape
    settings = _arguments.Settings(*settings)
    sizes = (tokens, num_heads, num_kv_heads, head_dim)
    return _pack(str(q.device), DTYPE_NAMES[q.dtype], *sizes, settings, cu_seqlens, is_deterministic())


# Operators -----------------------------------------------------------------------------------------------------------


def _like(tensor: Tensor) -> Tensor:
    """Without gaps, its axes in the order of the tensor's."""
    return torch.empty_strided(
        tensor.shape, dense_strides(tensor.shape, tensor.stride()), dtype=tensor.dtype, device=tensor.device
    )


@custom_op("lighthouse::varlen_attention", mutates_args=(), device_types=("cpu", "cuda"))
def varlen_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Tensor,
    max_seqlen: int,
    num_levels: int,
    pooling_factor: int,
    topk: int,
    scorer: str,
    scale: float,
    dilation: int,
    g: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns out, the bytes that backward keeps, and cu_seqlens on the host. ``max_seqlen``: -1 does not check."""
    _arguments.gates_wanted(scorer, g)
    numbers = _on_host(cu_seqlens, max_seqlen)
    pack = _pack_of(q, k.shape[1], numbers, (num_levels, pooling_factor, topk, scorer, scale, dilation))
    out, kept = _like(q), torch.empty(pack.kept_bytes, dtype=torch.uint8, device=q.device)
    gates = None if g is None else g.t().contiguous()
    pack.forward(readable(q), readable(k), readable(v), gates, out, kept)
    return out, kept, torch.tensor(numbers, dtype=torch.int64)


@varlen_attention.register_fake
def _(q, k, v, cu_seqlens, max_seqlen, num_levels, pooling_factor, topk, scorer, scale, dilation, g):
    size = torch.library.get_ctx().new_dynamic_size()
    kept = torch.empty([size], dtype=torch.uint8, device=q.device)
    return _like(q), kept, torch.empty(cu_seqlens.shape, dtype=torch.int64, device="cpu")


@custom_op("lighthouse::varlen_attention_backward", mutates_args=(), device_types=("cpu", "cuda"))
def varlen_attention_backward(
    dout: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    kept: Tensor,
    cu_seqlens: Tensor,
    num_levels: int,
    pooling_factor: int,
    topk: int,
    scorer: str,
    scale: float,
    dilation: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns dq, dk, dv in the layouts and the dtype of q, k, v. ``kept`` and ``cu_seqlens``: what forward gave."""
    settings = (num_levels, pooling_factor, topk, scorer, scale, dilation)
    pack = _pack_of(q, k.shape[1], tuple(cu_seqlens.tolist()), settings)
    gradients = [_like(tensor) for tensor in (q, k, v)]
    tokens = [readable(tensor) if pack.reads_tokens else None for tensor in (q, k, v, out)]
    pack.backward(tokens, readable(dout), kept, gradients)
    return tuple(gradients)


@varlen_attention_backward.register_fake
def _(dout, q, k, v, out, kept, cu_seqlens, num_levels, pooling_factor, topk, scorer, scale, dilation):
    return _like(q), _like(k), _like(v)


def _setup(ctx, inputs, output):
    q, k, v, _, _, *settings, _ = inputs
    out, kept, cu_seqlens = output
    ctx.save_for_backward(q, k, v, out, kept, cu_seqlens)
    ctx.mark_non_differentiable(kept, cu_seqlens)
    ctx.set_materialize_grads(False)
    ctx.settings = settings


def _grad(ctx, dout, *_):
    return *varlen_attention_backward(dout, *ctx.saved_tensors, *ctx.settings), *[None] * 9


varlen_attention.register_autograd(_grad, setup_context=_setup)
