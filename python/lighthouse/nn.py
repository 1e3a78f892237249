# SPDX-License-Identifier: Apache-2.0
"""``LighthouseAttention``, a module for ``scaled_dot_product_attention``, and ``set_dense`` for the second stage."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from lighthouse import _arguments, _lighthouse, _torch, _torch_varlen  # noqa: F401  the last two register operators
from lighthouse._attention import attention
from lighthouse._varlen import packed_heads

__all__ = ["LighthouseAttention", "set_dense"]


class LighthouseAttention(torch.nn.Module):
    """Causal Lighthouse Attention with the call of ``scaled_dot_product_attention``. It has no parameters.

    Args:
        num_levels, pooling_factor, topk, scorer, attention_fn, dilation: as in ``lighthouse.attention``.
        short: what a sequence too short for the pyramid gets: "refuse" a ValueError, "dense" plain causal attention.

    Attributes:
        scorer: the text of the scorer, also where a function was given.
        dense: True runs plain causal ``scaled_dot_product_attention``; see ``set_dense``.

    Raises:
        TypeError, ValueError: a setting that no sequence could have.
    """

    def __init__(
        self,
        num_levels: int = 3,
        pooling_factor: int = 4,
        topk: int | None = None,
        scorer: str | Callable[[Any, Any], tuple[Any, Any]] = "norm",
        attention_fn: Callable[..., Any] | None = None,
        short: str = "refuse",
        dilation: int = 4,
    ) -> None:
        super().__init__()
        settings = _arguments.settings(num_levels, pooling_factor, topk, scorer, None, dilation)
        if short not in ("refuse", "dense"):
            raise ValueError(f"short: expects 'refuse' or 'dense', but got {short!r}")
        if attention_fn is not None:
            _arguments.function("attention_fn", attention_fn)
        _validate(settings)
        self.num_levels, self.pooling_factor, self.topk, self.scorer, _, self.dilation = settings
        self.attention_fn = attention_fn
        self.short = short
        self.dense = False

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = True,
        scale: float | None = None,
        enable_gqa: bool = False,
        g: Tensor | None = None,
        cu_seqlens: Any = None,
        max_seqlen: int | None = None,
    ) -> Tensor:
        """Returns [B, Hq, N, D] for query [B, Hq, N, D], key and value [B, Hkv, N, D].

        ``g`` [B, Hq, N] float32 are the log gates of the scorer "gla"; dense attention does not read them.

        With ``cu_seqlens`` the one sequence of the batch is packed documents, each attended by itself, as by
        ``lighthouse.varlen_attention``; ``short`` is not looked at, as short documents get plain causal attention.

        What the method cannot honour is refused with ValueError: a mask, dropout, ``is_causal=False``, and fewer key
        heads than query heads without ``enable_gqa=True``.
        """
        for name, tensor in (("query", query), ("key", key), ("value", value), ("g", g)):
            if not isinstance(tensor, Tensor) and (name != "g" or tensor is not None):
                raise TypeError(f"{name}: expects a torch tensor, but got {type(tensor).__name__}")
        if attn_mask is not None:
            raise ValueError("attn_mask: expects None, the attention is causal, but got a mask")
        if dropout_p != 0.0:
            raise ValueError(f"dropout_p: expects 0.0, but got {dropout_p}")
        if is_causal is not True:
            raise ValueError(f"is_causal: expects True, but got {is_causal!r}")
        if not enable_gqa and query.shape[1:2] != key.shape[1:2]:
            raise ValueError(
                f"enable_gqa: expects True where query and key differ in heads, but got {enable_gqa!r} for query "
                f"{list(query.shape)} and key {list(key.shape)}"
            )
        if g is not None:
            _arguments.gates_wanted(self.scorer, g)
        if cu_seqlens is not None:
            if self.attention_fn is not None:
                raise ValueError("attention_fn: expects None with cu_seqlens, but got a function")
            documents = (query, key, value, cu_seqlens, max_seqlen)
            if self.dense:
                return packed_heads(*documents, 1, scale=scale)
            settings = (self.num_levels, self.pooling_factor, self.topk, self.scorer, scale, self.dilation)
            return packed_heads(*documents, *settings, g=g)
        _arguments.softmax_scale(scale)  # Dense attention would take any.
        levels = (self.num_levels, self.pooling_factor, self.topk)
        if self.dense or (self.short == "dense" and _arguments.is_short(*levels, query.shape[2])):
            return scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale, enable_gqa=enable_gqa)
        return attention(
            query,
            key,
            value,
            num_levels=self.num_levels,
            pooling_factor=self.pooling_factor,
            topk=self.topk,
            scorer=self.scorer,
            scale=scale,
            attention_fn=self.attention_fn,
            dilation=self.dilation,
            g=g,
        )

    def extra_repr(self) -> str:
        dilation = f"dilation={self.dilation}, " if self.scorer in _arguments.DILATED else ""
        return (
            f"num_levels={self.num_levels}, pooling_factor={self.pooling_factor}, topk={self.topk}, "
            f"scorer={self.scorer!r}, {dilation}short={self.short!r}, dense={self.dense}"
        )


def set_dense(model: torch.nn.Module, dense: bool) -> int:
    """Switches every ``LighthouseAttention`` in ``model`` to dense attention (True) or back (False).

    Returns:
        How many modules there are; 0 means that the model has none.
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model: expects a torch.nn.Module, but got {type(model).__name__}")
    if not isinstance(dense, bool):
        raise TypeError(f"dense: expects True or False, but got {dense!r}")
    modules = [module for module in model.modules() if isinstance(module, LighthouseAttention)]
    for module in modules:
        module.dense = dense
    return len(modules)


def _validate(settings: _arguments.Settings) -> None:
    """Lets ``Spec`` judge the settings on the shortest sequence that fits them."""
    num_levels, pooling_factor, topk, scorer, _, dilation = settings
    if 1 <= num_levels <= 8 and 2 <= pooling_factor <= 64:
        seq_len = max(topk, 128) * pooling_factor ** (num_levels - 1)
    else:
        seq_len = 128  # Spec refuses the other field first.
    _lighthouse.Spec(
        scorer=scorer,
        seq_len=min(seq_len, 2**62),
        head_dim=8,
        num_levels=num_levels,
        pooling_factor=pooling_factor,
        topk=topk,
        dilation=dilation,
    ).validate()
