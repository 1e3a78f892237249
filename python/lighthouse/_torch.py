# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.attention`` on torch tensors: checks, then the registered operators or the short way in eager mode."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from lighthouse import _arguments, _scorer, _torch_attention, _torch_eager, _torch_gather
from lighthouse._program import cached
from lighthouse._torch_run import DTYPE_NAMES, is_deterministic

_known_settings = cached(_arguments.settings)
torch.compiler.assume_constant_result(_scorer.trace)  # The compiler runs it, and sees a text.


def attention(
    q: Any, k: Any, v: Any, settings: tuple, attention_fn: Callable[..., Any] | None, want_aux: bool, g: Any = None
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Returns out, indices and lse; see ``lighthouse.attention``. The last two may be None where not wanted."""
    settings = checked_settings(settings)
    if attention_fn is not None:
        _arguments.function("attention_fn", attention_fn)
    _arguments.gates_wanted(settings.scorer, g)
    if attention_fn is None and _torch_eager.is_plain((q, k, v) if g is None else (q, k, v, g)):
        q, k, v = autocast(q, k, v)
        out, indices, lse = _torch_eager.attention(q, k, v, settings, want_aux, g)
    else:
        check_tensors(q, k, v, g)
        q, k, v = autocast(q, k, v)
        _check_sizes(q, k, v, g)
        if attention_fn is None:
            out, indices, lse, _ = _torch_attention.attention(q, k, v, *settings, g)
        else:
            out, indices = _with_own_attention(q, k, v, settings, attention_fn, g)
            lse = None
    if want_aux and settings.num_levels == 1:
        batch, num_heads, seq_len, _ = q.shape
        indices = torch.arange(seq_len, dtype=torch.int32, device=q.device).expand(batch, num_heads, seq_len)
    return out, indices, lse


def prepare(q: Any, k: Any, v: Any, settings: tuple, attention_fn: Callable[..., Any] | None, g: Any = None) -> None:
    """Compiles and loads what ``attention`` needs; see ``lighthouse.prepare``."""
    settings = checked_settings(settings)
    _arguments.gates_wanted(settings.scorer, g)
    check_tensors(q, k, v, g)
    q, k, v = autocast(q, k, v)
    if attention_fn is None:
        layout = _torch_eager.prepare(q, k, v, settings, want_aux=False, g=g)
        layout.program_of(is_deterministic())  # Of a layout that is there already, backward may be the other one.
        return
    _arguments.function("attention_fn", attention_fn)
    _check_sizes(q, k, v, g)
    if settings.num_levels > 1:
        _torch_gather.prepare(q, k, *settings)


def checked_settings(given: tuple) -> _arguments.Settings:
    """Checked settings. What was checked before is not checked again, but while the compiler looks at it."""
    if torch.compiler.is_compiling():
        return _arguments.settings(*given)
    try:
        return _known_settings(*given)
    except (TypeError, ValueError):  # Also for what cannot be a key.
        return _arguments.settings(*given)


def check_tensors(q: Any, k: Any, v: Any, g: Any = None) -> None:
    for name, tensor in (("q", q), ("k", k), ("v", v), *([] if g is None else [("g", g)])):
        if not isinstance(tensor, Tensor):
            expected = "a torch tensor or a numpy array" if name == "q" else "a torch tensor, as q is one"
            raise TypeError(f"{name}: expects {expected}, but got {type(tensor).__name__}")
        if tensor.is_nested:
            raise TypeError(
                f"{name}: expects a dense tensor, but got a nested one; varlen_attention takes documents of any lengths"
            )
        if tensor.layout != torch.strided:
            raise TypeError(f"{name}: expects a dense (strided) tensor, but got layout {tensor.layout}; use to_dense()")
        if forward_ad._current_level >= 0 and forward_ad.unpack_dual(tensor).tangent is not None:
            raise NotImplementedError(
                f"{name}: expects no tangent, as derivatives are in reverse mode only, but got one"
            )
    _arguments.devices(str(q.device), str(k.device), str(v.device), None if g is None else str(g.device))


def _check_sizes(q: Tensor, k: Tensor, v: Tensor, g: Tensor | None = None) -> None:
    _arguments.dtypes(*(str(tensor.dtype).removeprefix("torch.") for tensor in (q, k, v)))
    _arguments.shapes(q.shape, k.shape, v.shape)
    if g is not None:
        _arguments.gates(g.shape, str(g.dtype).removeprefix("torch."), q.shape)


def autocast(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What autocast does to the inputs of scaled_dot_product_attention: all but float64 get its dtype."""
    device = "cuda" if q.is_cuda else "cpu"
    if not torch.is_autocast_enabled(device):
        return q, k, v
    dtype = torch.get_autocast_dtype(device)
    return tuple(x.to(dtype) if x.dtype in DTYPE_NAMES else x for x in (q, k, v))


def _with_own_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    settings: _arguments.Settings,
    attention_fn: Callable[..., Any],
    g: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    levels = settings[:3]
    scale = settings.scale or q.shape[3] ** -0.5
    if settings.num_levels == 1:
        heads, kv_heads = q.shape[1], k.shape[1]
        if heads % kv_heads != 0:
            raise ValueError(f"k: expects a number of heads that divides that of q, {heads}, but got {kv_heads}")
        ks, vs = (tensor.repeat_interleave(heads // kv_heads, dim=1) for tensor in (k, v))
        return _call(attention_fn, q, ks, vs, scale), None
    qs, ks, vs, indices = _torch_gather.gather(q, k, v, *settings, g)
    os = _call(attention_fn, qs, ks, vs, scale)
    return _torch_gather.scatter(os, indices, q.stride(), q.shape[2], *levels), indices


def _call(attention_fn: Callable[..., Any], qs: Tensor, ks: Tensor, vs: Tensor, scale: float) -> Tensor:
    os = attention_fn(qs, ks, vs, is_causal=True, scale=scale)
    if not isinstance(os, Tensor):
        raise TypeError(f"attention_fn: expects its result to be a torch tensor, but got {type(os).__name__}")
    if os.layout != torch.strided:
        raise TypeError(f"attention_fn: expects its result to be dense, but got layout {os.layout}")
    if os.shape != qs.shape or os.dtype != qs.dtype or os.device != qs.device:
        raise ValueError(
            f"attention_fn: expects its result to have shape {list(qs.shape)}, dtype {qs.dtype}, device {qs.device}, "
            f"but got {list(os.shape)}, {os.dtype}, {os.device}"
        )
    return os
