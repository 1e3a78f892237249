# SPDX-License-Identifier: Apache-2.0
"""A Llama-style decoder over bytes. Every layer has LighthouseAttention; lighthouse.TwoStage says which are dense."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from lighthouse.nn import LighthouseAttention
from torch import Tensor, nn
from torch.nn import functional

ROTARY_BASE = 100_000.0


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding of half of x [B, N, H, D], with cos and sin [N, 1, D/4].

    The other half knows no positions, so that it finds the same content at any distance.
    """
    a, b, content = x.float().split([cos.shape[-1], cos.shape[-1], x.shape[-1] // 2], dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin, content], dim=-1).to(x.dtype)


def of_the_one_before(k: Tensor) -> Tensor:
    """Keys [B, N, H, D] whose half without positions is that of the token before.

    A query that seeks its own content then finds what followed it: a head can copy without another layer's help.
    """
    place, content = k.chunk(2, dim=-1)
    return torch.cat([place, earlier(content, 1)], dim=-1)


def earlier(x: Tensor, tokens: int) -> Tensor:
    """x [B, N, ...] of so many tokens ago, zero where there is none."""
    return functional.pad(x, [0, 0] * (x.dim() - 2) + [tokens, 0])[:, : x.shape[1]]


class ShortConvolution(nn.Module):
    """Causal, of each channel by itself: the inputs of a token and those before it, ``taps`` in all, weighed."""

    def __init__(self, channels: int, taps: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(taps, channels))

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, channels], as x."""
        weights = self.weight.to(x.dtype)
        y = x * weights[0]
        for back in range(1, len(weights)):
            y = y + earlier(x, back) * weights[back]
        return y


class Block(nn.Module):
    """Pre-norm attention, its q, k and v after a short convolution, and SwiGLU."""

    def __init__(self, width: int, heads: int, taps: int, attention: LighthouseAttention) -> None:
        super().__init__()
        hidden = math.ceil(width * 8 / 3 / 64) * 64
        self.heads, self.attention = heads, attention
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.convolution = ShortConvolution(3 * width, taps)
        self.gate_up, self.down = nn.Linear(width, 2 * hidden, bias=False), nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        qkv = self.convolution(self.qkv(self.norm1(x)))
        q, k, v = qkv.unflatten(-1, (3, self.heads, -1)).unbind(2)  # [B, N, H, D], views
        q, k = rotate(q, cos, sin), rotate(of_the_one_before(k), cos, sin)
        y = self.attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        x = x + self.proj(y.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)

    @torch.no_grad()
    def seek_the_same(self, gain: float) -> None:
        """Gives q and k the same weights, so that a token attends to where the same bytes stood; sharply by gain."""
        width = self.proj.out_features
        self.qkv.weight[:width] *= gain
        self.qkv.weight[width : 2 * width] = self.qkv.weight[:width]
        self.convolution.weight[:, width : 2 * width] = self.convolution.weight[:, :width]


class Model(nn.Module):
    """Decoder over bytes.

    Args:
        layers, width, heads: of the model.
        taps: tokens that each layer's convolution looks at, the token itself among them.
        qk_gain: of the first weights of q and k; the more tokens, the more it takes to find one.
        seq_len: most tokens of a sequence.
        attention: arguments of every layer's LighthouseAttention.
    """

    def __init__(
        self,
        layers: int,
        width: int,
        heads: int,
        taps: int,
        qk_gain: float,
        seq_len: int,
        attention: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(256, width)
        self.blocks = nn.ModuleList(Block(width, heads, taps, LighthouseAttention(**attention)) for _ in range(layers))
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, 256, bias=False)
        rotated = width // heads // 2
        angles = torch.outer(torch.arange(seq_len), ROTARY_BASE ** -(torch.arange(0, rotated, 2) / rotated))[:, None]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self._initialise(1 / math.sqrt(2 * layers), qk_gain)

    def _initialise(self, residual_scale: float, qk_gain: float) -> None:
        """Weights that keep variance, smaller ones where a block adds to the residual stream, a small head."""
        nn.init.normal_(self.head.weight, std=0.02)
        for name, parameter in self.blocks.named_parameters():
            if parameter.dim() == 2:
                scale = residual_scale if name.endswith(("proj.weight", "down.weight")) else 1.0
                fan_in = parameter.shape[0 if "convolution" in name else 1]
                nn.init.normal_(parameter, std=scale / math.sqrt(fan_in))
        for block in self.blocks:
            block.seek_the_same(qk_gain)

    def compile_blocks(self) -> None:
        """By torch.compile. All blocks share the code of dense and that of Lighthouse Attention."""
        for block in self.blocks:
            block.compile(fullgraph=True)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [B, N, 256] of the next byte for tokens [B, N]."""
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        return self.head(self.norm(x))


def logits_of(model: Model, tokens: Tensor) -> Tensor:
    """float32 [B, N, 256] for int64 [B, N]; computed in bfloat16, by autocast, on a GPU."""
    with torch.autocast(tokens.device.type, torch.bfloat16, enabled=tokens.is_cuda):
        return model(tokens).float()


def losses_of(model: Model, tokens: Tensor, targets: Tensor) -> Tensor:
    """Cross entropy in nats, float32 [B, N], for int64 [B, N]."""
    logits = logits_of(model, tokens)
    return functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view_as(targets)
