# SPDX-License-Identifier: Apache-2.0
"""Hugging Face transformers: ``attn_implementation="lighthouse"``, and a callback for the two stages of a training.

``register`` makes the name known. A model's attention is then plain causal attention in the layers that ``register``
was told to leave dense, and Lighthouse Attention in the others; under ``lighthouse-dense`` it is dense in all. Packed
documents are attended one by one where ``cu_seq_lens_q`` and ``cu_seq_lens_k`` come with them, and else refused. Both
refuse padding, soft caps, sinks, arguments that they do not know, and decoding with a cache, with ValueError; a layer
with Lighthouse Attention also refuses sliding windows, dropout, any mask, and attention that is not causal.
``set_attn_implementation("sdpa")`` gives a model its own attention back.
"""

import functools
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor
from torch._library.effects import EffectType
from torch.library import custom_op
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel, TrainerCallback
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask
from transformers.utils.import_utils import is_tracing

from lighthouse._varlen import packed_heads
from lighthouse.nn import LighthouseAttention
from lighthouse.schedule import TwoStage, dense_step, layer_indices

__all__ = ["LighthouseCallback", "register", "set_dense"]

TO_DENSE = "use model.set_attn_implementation('sdpa')"

PACKED = (
    "position_ids: expects one document from 0 on, or packed ones with cu_seq_lens_q and cu_seq_lens_k in a batch of "
    f"1, but got packed documents or another mask; {TO_DENSE}"
)

OTHERS = frozenset(["eager", "sdpa", "flex_attention", "flash_attention_2", "flash_attention_3", "flash_attention_4"])

# Arguments that models hand on and that change nothing about attention. Any other that is given is refused.
HARMLESS = frozenset(
    "position_ids cache_position use_cache cache past_key_value past_key_values num_items_in_batch return_dict "
    "output_hidden_states output_router_logits logits_to_keep position_embeddings".split()
)


def register(
    name: str = "lighthouse",
    *,
    num_levels: int = 3,
    pooling_factor: int = 4,
    topk: int | None = None,
    scorer: str | Callable[[Any, Any], tuple[Any, Any]] = "norm",
    dense_layers: Collection[int] = (),
    short: str = "refuse",
    dilation: int = 4,
) -> None:
    """Makes ``attn_implementation=name`` known to transformers, and ``name-dense`` for the dense stage.

    The dense attention is transformers' own ``sdpa``, but without the mask [B, 1, N, N] that ``sdpa`` itself gets in
    compiled code.

    Args:
        name: what ``from_config``, ``from_pretrained`` and ``set_attn_implementation`` are given. Register other
            settings under another name; the same name again replaces its settings for all models.
        num_levels, pooling_factor, topk, scorer, short, dilation: as in ``lighthouse.nn.LighthouseAttention``.
        dense_layers: layers (``layer_idx``) that are dense in both stages; -1 is the last one.

    Raises:
        TypeError, ValueError: a setting that no sequence could have.
    """
    if not isinstance(name, str) or not name or set("/|") & set(name) or name in OTHERS or name.endswith("-dense"):
        raise ValueError(f"name: expects a name of its own, such as 'lighthouse', but got {name!r}")
    attend = LighthouseAttention(num_levels, pooling_factor, topk, scorer, short=short, dilation=dilation)
    layer_indices(dense_layers, num_layers=2**31)  # Their types; the model that comes tells how many it has.
    for each, layers in ((name, tuple(dense_layers)), (f"{name}-dense", None)):
        AttentionInterface.register(each, functools.partial(_attention, attend, layers))
        AttentionMaskInterface.register(each, _mask)


def set_dense(model: PreTrainedModel, dense: bool, name: str = "lighthouse") -> None:
    """Switches a model to the registered ``name-dense`` (True) or ``name`` (False). It may be wrapped in another."""
    if not isinstance(model, PreTrainedModel):
        model = _unwrapped(model)
    model.set_attn_implementation(f"{name}-dense" if dense else name)


class LighthouseCallback(TrainerCallback):
    """Two stages for ``transformers.Trainer``: dense from a step, or a fraction of the training's steps, on.

    It follows the Trainer's own count of steps, which its checkpoints keep.

    Args:
        dense_from: the first dense step (int), or a fraction of all steps (float); see ``lighthouse.schedule``.
        name: as registered.
    """

    def __init__(self, dense_from: int | float, name: str = "lighthouse") -> None:
        dense_step(dense_from, total_steps=1)  # Refuses what is wrong now.
        self.dense_from, self.name = dense_from, name
        self.schedule: TwoStage | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        switch = functools.partial(set_dense, name=self.name)
        self.schedule = TwoStage(model, self.dense_from, state.max_steps, set_dense=switch)
        self.schedule.at(state.global_step)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.schedule.at(state.global_step)


# Attention -----------------------------------------------------------------------------------------------------------


def _attention(
    attend: LighthouseAttention,
    dense_layers: tuple[int, ...] | None,
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """An attention function of transformers: query [B, Hq, N, D], key and value [B, Hkv, N, D]; out [B, N, Hq, D].

    ``dense_layers`` is None where all are dense.
    """
    window = kwargs.pop("sliding_window", None)
    documents = _documents(kwargs)
    _refuse_extras(kwargs)
    if attention_mask is not None and attention_mask.ndim == 1:
        _refuse_other_documents(attention_mask, documents)
        attention_mask = None
    is_dense = _is_dense(module, dense_layers)
    if documents is not None:
        _refuse_other_attention(module, query, key, attention_mask, dropout, is_causal, window)
        levels = 1 if is_dense else attend.num_levels
        settings = (levels, attend.pooling_factor, attend.topk, attend.scorer, scaling, attend.dilation)
        out = packed_heads(query, key, value, documents, None, *settings)
        return out.transpose(1, 2).contiguous(), None
    if is_dense:
        if window is not None and attention_mask is None and key.shape[2] > window:
            raise ValueError(f"sliding_window: expects a mask for the window of {window}, but got none")
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, is_causal=is_causal
        )
    _refuse_other_attention(module, query, key, attention_mask, dropout, is_causal, window)
    out = attend(query, key, value, scale=scaling, enable_gqa=True)
    return out.transpose(1, 2).contiguous(), None


def _is_dense(module: torch.nn.Module, dense_layers: tuple[int, ...] | None) -> bool:
    if not dense_layers:
        return dense_layers is None
    layer, config = getattr(module, "layer_idx", None), getattr(module, "config", None)
    num_layers = getattr(config, "num_hidden_layers", None)
    if layer is None or num_layers is None:
        raise ValueError(
            f"dense_layers: expects layers with layer_idx and config, but {type(module).__name__} has none"
        )
    return layer in layer_indices(dense_layers, num_layers)


def _documents(kwargs: dict[str, Any]) -> Tensor | None:
    """Takes what tells of packed documents out of the arguments: where each begins, and last the number of tokens."""
    queries, keys = kwargs.pop("cu_seq_lens_q", None), kwargs.pop("cu_seq_lens_k", None)
    for name in ("max_length_q", "max_length_k"):  # What flash attention needs beside them.
        kwargs.pop(name, None)
    if queries is None and keys is None:
        return None
    text = "cu_seq_lens_k: expects the documents of cu_seq_lens_q, but got "
    if queries is None or keys is None:
        raise ValueError(text + "one of both")
    if queries.shape != keys.shape:
        raise ValueError(text + f"{keys.shape[0] - 1} documents for {queries.shape[0] - 1}")
    if queries is not keys:
        _require((queries == keys).all(), is_tracing(queries) or queries.is_cuda, text + "others")
    return queries


def _refuse_other_documents(begins: Tensor, documents: Tensor | None) -> None:
    """``begins``: from position_ids, whether each token begins a document. On a GPU nothing waits for the answer."""
    if documents is None:
        raise ValueError(PACKED)
    known = begins.new_zeros(begins.shape[0] + 1)  # One without tokens may begin behind the last.
    inside = documents.to(begins.device, torch.long).clamp(0, begins.shape[0])  # varlen_attention refuses others.
    known[inside] = True
    text = "cu_seq_lens_q: expects the documents that position_ids tell of, but got others"
    _require((known[:-1] == begins).all(), begins.is_cuda, text)


def _refuse_extras(kwargs: dict[str, Any]) -> None:
    for name, given in kwargs.items():
        if given is None or given is False or name in HARMLESS:
            continue
        if name == "seq_idx":
            raise ValueError(f"{name}: expects None, give cu_seq_lens_q and cu_seq_lens_k, but got a value; {TO_DENSE}")
        raise ValueError(f"{name}: expects None, Lighthouse Attention cannot honour it, but got a value; {TO_DENSE}")


def _refuse_other_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    attention_mask: Tensor | None,
    dropout: float,
    is_causal: bool | None,
    window: int | None,
) -> None:
    where = f"layer {getattr(module, 'layer_idx', None)}"
    if not (getattr(module, "is_causal", True) if is_causal is None else is_causal):
        raise ValueError(f"is_causal: expects True, but {where} ({type(module).__name__}) is not causal; {TO_DENSE}")
    if query.shape[2] != key.shape[2]:
        raise ValueError(
            f"cache: expects as many queries as keys, but got {query.shape[2]} and {key.shape[2]} in {where}; to "
            f"generate, {TO_DENSE}"
        )
    if window is not None and key.shape[2] > window:
        raise ValueError(
            f"sliding_window: expects None or at least {key.shape[2]} tokens, but got {window} in {where}; name it in "
            "dense_layers to keep its window"
        )
    if attention_mask is not None:
        raise ValueError(
            f"attention_mask: expects None, but got a mask {list(attention_mask.shape)} in {where}; name it in "
            f"dense_layers, or {TO_DENSE}"
        )
    if dropout != 0.0:
        raise ValueError(f"dropout: expects 0.0, but got {dropout} in {where}; set config.attention_dropout = 0.0")


# Mask ----------------------------------------------------------------------------------------------------------------


def _mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: int | Tensor = 0,
    kv_offset: int = 0,
    mask_function: Callable[..., Tensor] | None = None,
    attention_mask: Tensor | None = None,
    local_size: int | None = None,
    allow_is_causal_skip: bool = True,
    use_vmap: bool = False,
    device: torch.device | str = "cpu",
    **kwargs: Any,
) -> Tensor | None:
    """A mask function of transformers: None for a plain causal mask, a mask for windows, else a refusal.

    While torch.compile traces, the values of ``attention_mask`` and of position_ids cannot be read, and transformers
    always describes a mask for packed documents. The compiled code then looks whether the mask is the plain causal one
    and fails if not.
    """
    if local_size is not None:  # For layers with a window; they are dense.
        return sdpa_mask(
            batch_size, q_length, kv_length, q_offset, kv_offset, mask_function, attention_mask, local_size,
            allow_is_causal_skip, use_vmap=use_vmap, device=device, **kwargs,
        )  # fmt: skip
    if q_length != kv_length:
        raise ValueError(
            f"cache: expects as many queries as keys, but got {q_length} and {kv_length}; to generate, {TO_DENSE}"
        )
    if use_vmap or kwargs.get("allow_is_bidirectional_skip"):
        raise ValueError(f"attention_mask: expects causal attention, but the model asks for another mask; {TO_DENSE}")
    padded = "attention_mask: expects None or ones, but got padding; cut the text to full sequences, or " + TO_DENSE
    tracing = is_tracing(attention_mask)
    if attention_mask is not None:
        _require(attention_mask.all(), tracing, padded)
    if allow_is_causal_skip:
        return None
    if tracing:
        _require(_is_causal(mask_function, batch_size, q_length, device), tracing, PACKED)
        return None
    begins = _begins(mask_function, q_length, device) if batch_size == 1 else None
    if begins is None:
        raise ValueError(PACKED)
    return begins


def _begins(mask_function: Callable[..., Tensor], seq_len: int, device: Any) -> Tensor | None:
    """Whether each token begins a document, a bool tensor [N]; None where the mask is not that of documents alone."""
    token = torch.arange(seq_len, device=device)[None, :]
    zero = torch.zeros_like(token[:, :1])

    def sees(query: Tensor, key: Tensor) -> Tensor:
        return mask_function(zero, zero, query, key).expand(1, query.shape[1])[0]

    follows = sees(token[:, 1:], token[:, :-1])
    begins = torch.cat([torch.ones_like(follows[:1]), ~follows])
    first = torch.where(begins, token[0], 0).cummax(0).values[None]
    holds = sees(token, first).all() & sees(token, token).all() & ~sees(token[:, :-1], token[:, 1:]).any()
    before = first.clamp(min=1) - 1
    holds &= (~sees(token, before) | (first[0] == 0)).all()
    return begins if holds else None


def _is_causal(mask_function: Callable[..., Tensor], batch_size: int, seq_len: int, device: Any) -> Tensor:
    """Whether a mask that transformers makes is the plain causal one: a bool tensor [], from O(B N) of its values.

    Documents, chunks and windows hide the first token from some query; padding hides a token from itself; attention in
    both directions shows the next one.
    """
    batch = torch.arange(batch_size, device=device)[:, None]
    head = torch.zeros_like(batch)
    token = torch.arange(seq_len, device=device)[None, :]
    sees_first = mask_function(batch, head, token, torch.zeros_like(token)).all()
    sees_itself = mask_function(batch, head, token, token).all()
    sees_next = mask_function(batch, head, token[:, :-1], token[:, 1:]).any()
    return sees_first & sees_itself & ~sees_next


def _require(holds: Tensor, tracing: bool, text: str) -> None:
    """Raises ValueError unless ``holds``, a bool tensor []; while tracing, compiled code does."""
    if tracing:
        _require_later(holds, text)
    elif not holds:
        raise ValueError(text)


@custom_op("lighthouse_transformers::require", mutates_args=(), device_types=("cpu", "cuda"))
def _require_later(holds: Tensor, text: str) -> None:
    """On a GPU a device-side assertion, which prints the text: nothing waits for the answer."""
    if holds.is_cuda:
        torch._assert_async(holds, text)
    elif not holds:
        raise ValueError(text)


@_require_later.register_fake
def _(holds: Tensor, text: str) -> None:
    return None


_require_later.register_effect(EffectType.ORDERED)  # Else the compiler drops a call without results.


def _unwrapped(model: torch.nn.Module) -> PreTrainedModel:
    """The transformers model in what torch.compile, DDP and the like put around it."""
    for module in model.modules():
        if isinstance(module, PreTrainedModel):
            return module
    raise TypeError(f"model: expects a model of transformers, but got {type(model).__name__}")
