# SPDX-License-Identifier: Apache-2.0
"""torchtitan: an inner attention for its decoders, as configuration or override, and a trainer for the two stages.

All layers get it. Those that ``LighthouseTrainer`` is told to leave dense, and all of them in the dense stage, run
plain causal attention. torchtitan's data loaders pack several documents into a row: each is attended by itself, unless
``documents="cross"`` lets attention cross them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torchtitan.config.override import derive, override
from torchtitan.models.common.attention import FlexAttention, VarlenAttention, VarlenMetadata
from torchtitan.models.common.decoder import Decoder
from torchtitan.protocols.module import Module
from torchtitan.trainer import Trainer

from lighthouse import schedule
from lighthouse.nn import LighthouseAttention

__all__ = [
    "LighthouseInnerAttention",
    "LighthouseTrainer",
    "lighthouse_attention",
    "lighthouse_attention_for_varlen",
    "use_lighthouse",
]

DOCUMENTS = ("separate", "cross")


class LighthouseInnerAttention(LighthouseAttention, Module):
    """Lighthouse Attention in the place of torchtitan's ``FlexAttention`` and ``VarlenAttention``.

    It is a ``LighthouseAttention``, so ``lighthouse.set_dense`` and ``TwoStage`` switch it. Its configuration is one of
    ``VarlenAttention``, for which the trainer tells where documents begin.
    """

    @dataclass(kw_only=True, slots=True)
    class Config(VarlenAttention.Config):
        """As for ``lighthouse.nn.LighthouseAttention``.

        ``documents``: what rows of several documents get: "separate" attends each by itself, as
        ``lighthouse.varlen_attention`` does, one too short for the pyramid by plain causal attention; "cross" lets
        attention cross them. ``short`` is of rows of one document.
        """

        topk: int
        num_levels: int = 3
        pooling_factor: int = 4
        scorer: str = "norm"
        short: str = "refuse"
        documents: str = "separate"

    def __init__(self, config: Config) -> None:
        super().__init__(
            config.num_levels, config.pooling_factor, config.topk, scorer=config.scorer, short=config.short
        )
        if config.documents not in DOCUMENTS:
            raise ValueError(f"documents: expects 'separate' or 'cross', but got {config.documents!r}")
        if tuple(config.window_size) != (-1, 0):
            raise ValueError(f"window_size: expects (-1, 0), attention to all before, but got {config.window_size}")
        self.documents = config.documents

    def forward(
        self,
        q_BLNH: Tensor,
        k_BLNH: Tensor,
        v_BLNH: Tensor,
        *,
        attention_masks: Any = None,
        scale: float | None = None,
        enable_gqa: bool = False,
        is_causal: bool = True,
        **others: Any,
    ) -> Tensor:
        """Returns [B, N, Hq, D] for queries [B, N, Hq, D], keys and values [B, N, Hkv, D].

        ``attention_masks``: where documents begin, or None for one in each row. Refused with ValueError: other masks,
        ``is_causal=False``, and arguments that are not known.
        """
        for name, given in others.items():
            if given is not None:
                raise ValueError(f"{name}: expects None, as Lighthouse Attention has no such argument, but got a value")
        cu_seqlens = self._documents_in(attention_masks, *q_BLNH.shape[:2])
        together = cu_seqlens is not None  # Rows one behind the other, as ``cu_seqlens`` counts tokens.
        q, k, v = (
            (x.flatten(0, 1)[None] if together else x).transpose(1, 2)  # [B or 1, heads, tokens, head_dim]
            for x in (q_BLNH, k_BLNH, v_BLNH)
        )
        more = {"is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa, "cu_seqlens": cu_seqlens}
        return super().forward(q, k, v, **more).transpose(1, 2).reshape(q_BLNH.shape)

    def _documents_in(self, attention_masks: Any, rows: int, seq_len: int) -> Tensor | None:
        """Where documents begin, or None where attention takes rows as they are."""
        if self.documents == "cross" or attention_masks is None:
            return None
        if not isinstance(attention_masks, VarlenMetadata):
            raise ValueError(
                f"attention_masks: expects None or where documents begin, but got a {type(attention_masks).__name__}; "
                f"documents='cross' lets attention cross documents"
            )
        bounds, keys, longest, longest_of_keys, *_ = attention_masks
        if bounds.shape != keys.shape or longest != longest_of_keys:
            raise ValueError(
                f"attention_masks: expects the same documents for queries and keys, but got {bounds.shape[0] - 1}, the "
                f"longest of {longest}, and {keys.shape[0] - 1}, the longest of {longest_of_keys}"
            )
        one_a_row = bounds.shape[0] - 1 == rows and longest == seq_len  # Numbers that the host has.
        return None if one_a_row else bounds

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, documents={self.documents!r}"


def use_lighthouse(
    model_config: Decoder.Config,
    *,
    topk: int,
    num_levels: int = 3,
    pooling_factor: int = 4,
    scorer: str = "norm",
    short: str = "refuse",
    documents: str = "separate",
) -> int:
    """Gives every layer of a model's configuration Lighthouse Attention, in place.

    Args:
        model_config: a decoder's, as in ``model_registry("debugmodel").model``, before it is built.
        topk, num_levels, pooling_factor, scorer, short: as for ``lighthouse.nn.LighthouseAttention``.
        documents: what rows of several documents get: "separate" or "cross".

    Returns:
        How many layers there are.

    Raises:
        TypeError: not the configuration of a decoder.
        ValueError: layers without an inner attention that can be replaced; a setting that no sequence could have.
    """
    if not isinstance(model_config, Decoder.Config):
        raise TypeError(f"model_config: expects a Decoder.Config, but got {type(model_config).__name__}")
    settings = {"topk": topk, "num_levels": num_levels, "pooling_factor": pooling_factor, "scorer": scorer}
    settings |= {"short": short, "documents": documents}
    LighthouseInnerAttention.Config(**settings).build()  # Refuses settings now.
    attentions = [layer.attention for layer in model_config.layers if layer.attention is not None]
    if not attentions:
        raise ValueError("model_config: expects layers with attention, but got none")
    replacements = [_replacement(each.inner_attention, settings) for each in attentions]
    for attention, replacement in zip(attentions, replacements, strict=True):
        attention.inner_attention = replacement
    return len(attentions)


@override(target=FlexAttention.Config, description="Lighthouse Attention for FlexAttention")
def lighthouse_attention(config: FlexAttention.Config, **settings: Any) -> LighthouseInnerAttention.Config:
    """The same as an override of a model with FlexAttention, torchtitan's default: ``--override.imports`` with
    ``'lighthouse.integrations.torchtitan.lighthouse_attention={"topk": 1536}'``.
    """
    return _replacement(config, settings)


@override(target=VarlenAttention.Config, exact=True, description="Lighthouse Attention for VarlenAttention")
def lighthouse_attention_for_varlen(config: VarlenAttention.Config, **settings: Any) -> LighthouseInnerAttention.Config:
    """As ``lighthouse_attention``, of a model with VarlenAttention."""
    return _replacement(config, settings)


def _replacement(config: Module.Config, settings: dict[str, Any]) -> LighthouseInnerAttention.Config:
    if not isinstance(config, (FlexAttention.Config, VarlenAttention.Config)):
        raise ValueError(
            f"inner_attention: expects the configuration of FlexAttention or VarlenAttention, but got "
            f"{type(config).__qualname__}"
        )
    return derive(config, LighthouseInnerAttention.Config, **settings)


class LighthouseTrainer(Trainer):
    """torchtitan's trainer with the two stages: dense from a step on. It follows ``step``, which its checkpoints keep.

    ``derive(llama3_debugmodel(), LighthouseTrainer.Config, dense_from=0.8)`` makes its configuration of another.
    """

    @dataclass(kw_only=True, slots=True)
    class Config(Trainer.Config):
        """``dense_from``: the first dense step, or where it is below 1 a fraction of ``training.steps``.

        ``dense_layers``: numbers of layers that are dense throughout; -1 is the last one. Not with pipelines.
        """

        dense_from: float = 0.8
        dense_layers: list[int] = field(default_factory=list)

    def __init__(self, config: Config) -> None:
        dense_from = config.dense_from if config.dense_from < 1 else int(config.dense_from)
        if dense_from != config.dense_from:
            raise ValueError(f"dense_from: expects a step, or a fraction below 1, but got {config.dense_from}")
        schedule.dense_step(dense_from, config.training.steps)  # Refuses what is wrong before anything is built.
        if not config.training.disable_cuda_graphs:
            raise ValueError(
                "training.disable_cuda_graphs: expects True, as a graph replays the attention and the documents that "
                "it was captured with, but got False"
            )
        if config.parallelism.context_parallel_degree > 1:
            raise ValueError(
                f"context_parallel_degree: expects 1, as a sequence must lie on one device, but got "
                f"{config.parallelism.context_parallel_degree}"
            )
        if config.dense_layers and config.parallelism.pipeline_parallel_degree > 1:
            raise ValueError(f"dense_layers: expects [] with pipelines, but got {config.dense_layers}")
        super().__init__(config)
        parts = torch.nn.ModuleList(self.model_parts)
        self.schedule = schedule.TwoStage(parts, dense_from, config.training.steps, config.dense_layers)

    def train_step(self, data_iterator: Iterator[Any]) -> None:
        self.schedule.at(self.step - 1)  # The trainer counts from 1.
        super().train_step(data_iterator)
