# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.varlen_attention``: documents packed one behind the other."""

from collections.abc import Callable, Sequence
from typing import Any

from lighthouse import _arguments


def varlen_attention(
    q: Any,
    k: Any,
    v: Any,
    cu_seqlens: Any,
    max_seqlen: int | None = None,
    num_levels: int = 3,
    pooling_factor: int = 4,
    topk: int | None = None,
    scorer: str | Callable[[Any, Any], tuple[Any, Any]] = "norm",
    scale: float | None = None,
    dilation: int = 4,
    g: Any = None,
) -> Any:
    """Causal Lighthouse Attention of packed documents, each by itself: none hears another.

    Every document has its own pyramid and its own selection, and the result is that of ``lighthouse.attention`` on it
    alone: on the CPU to the last bit, forward and backward. A document too short for the pyramid (fewer than 128
    windows of the coarsest level for each of the topk/128 tiles) gets plain causal attention, as with
    ``num_levels=1``.

    Args:
        q: [total, Hq, D], a torch tensor, float32, bfloat16 or float16; total is the number of tokens of all documents.
            Any strides are read in place where D is contiguous. ``x[0].transpose(0, 1)`` is this view of an x
            [1, H, N, D].
        k, v: [total, Hkv, D], of the dtype of q. Hkv divides Hq.
        cu_seqlens: [documents + 1] int32, where each document begins, and last the number of tokens; a tensor or a
            sequence of ints. Equal neighbours are a document without tokens. The host needs the numbers: a tensor on
            a GPU costs one wait for what runs there, and none again while the same tensor is given unchanged (to the
            other layers of a model). Give one on the CPU where you have it.
        max_seqlen: tokens of the longest document, or more; None does not check.
        num_levels, pooling_factor, topk, scorer, scale, dilation: as in ``lighthouse.attention``; residue classes begin
            at each document's first token.
        g: [total, Hq] float32, the log gates of the scorer "gla", whose states begin anew with each document. Gradients
            do not reach them.

    Returns:
        out [total, Hq, D], in the dtype and the order of strides of q. Gradients reach q, k and v.

    Code is compiled for a padded length: a multiple of pooling_factor**(num_levels-1) * topk/128 tokens, and for
    short documents a power of two. Documents of one padded length share it.

    Raises:
        TypeError, ValueError, RuntimeError: as ``lighthouse.attention``; RuntimeError also for cu_seqlens on a GPU
            while a CUDA graph is captured.
    """
    given = (num_levels, pooling_factor, topk, scorer, scale, dilation)
    return _import_torch(q).attention(q, k, v, cu_seqlens, max_seqlen, given, g)


def prepare_varlen(
    q: Any,
    k: Any,
    v: Any,
    cu_seqlens: Sequence[int] | Any,
    max_seqlen: int | None = None,
    num_levels: int = 3,
    pooling_factor: int = 4,
    topk: int | None = None,
    scorer: str | Callable[[Any, Any], tuple[Any, Any]] = "norm",
    scale: float | None = None,
    dilation: int = 4,
    g: Any = None,
) -> None:
    """Compiles and loads what ``varlen_attention`` with these arguments needs, and runs nothing; see ``prepare``."""
    given = (num_levels, pooling_factor, topk, scorer, scale, dilation)
    _import_torch(q).prepare(q, k, v, cu_seqlens, max_seqlen, given, g)


def packed_heads(query: Any, key: Any, value: Any, *arguments: Any, g: Any = None, **more: Any) -> Any:
    """``varlen_attention`` of [1, H, N, D], of gates [1, Hq, N], the further arguments as there; all are views of the
    same memory."""
    for name, tensor in (("query", query), ("key", key), ("value", value)):
        if tensor.ndim != 4 or tensor.shape[0] != 1:
            raise ValueError(
                f"{name}: expects [1, heads, tokens of all documents, head_dim] with cu_seqlens, but got shape "
                f"{list(tensor.shape)}"
            )
    tokens = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    if g is not None and (g.ndim != 3 or g.shape[0] != 1):
        raise ValueError(
            f"g: expects [1, heads, tokens of all documents] with cu_seqlens, but got shape {list(g.shape)}"
        )
    gates = None if g is None else g[0].transpose(0, 1)
    return varlen_attention(*tokens, *arguments, g=gates, **more).transpose(0, 1)[None]


def bounds(cu_seqlens: Any) -> list[int]:
    """Checks the types of a sequence of ints. Raises TypeError."""
    if isinstance(cu_seqlens, (str, bytes)) or not isinstance(cu_seqlens, Sequence):
        raise TypeError(
            f"cu_seqlens: expects an int32 tensor or a sequence of ints, but got {type(cu_seqlens).__name__}"
        )
    return [_arguments.integer("cu_seqlens", each) for each in cu_seqlens]


def _import_torch(q: Any) -> Any:
    """The code for torch tensors. Where there is no torch, q cannot be one."""
    try:
        from lighthouse import _torch_varlen
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise TypeError(f"q: expects a torch tensor, but got {type(q).__name__}") from None
    return _torch_varlen
