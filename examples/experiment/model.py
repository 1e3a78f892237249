# SPDX-License-Identifier: Apache-2.0
"""Decoders over bytes: a plain Llama, and one that can copy from the start.

Every layer has LighthouseAttention; lighthouse.TwoStage says which are dense.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from lighthouse.nn import LighthouseAttention
from torch import Tensor, nn
from torch.nn import functional

ROTARY_BASE = 100_000.0


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding of the first 2R channels of x [B, N, H, D], with cos and sin [N, 1, R]."""
    half = cos.shape[-1]
    a, b, content = x.float().split([half, half, x.shape[-1] - 2 * half], dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin, content], dim=-1).to(x.dtype)


class Block(nn.Module):
    """Pre-norm attention and SwiGLU, as in Llama."""

    ROTATED = 1.0  # of a head's channels; the others know no positions

    def __init__(self, width: int, heads: int, attention: LighthouseAttention) -> None:
        super().__init__()
        hidden = math.ceil(width * 8 / 3 / 64) * 64
        self.heads, self.attention = heads, attention
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.gate_up, self.down = nn.Linear(width, 2 * hidden, bias=False), nn.Linear(hidden, width, bias=False)

    def initialise(self, residual_scale: float) -> None:
        """Weights that keep variance, smaller ones where the block adds to the residual stream."""
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                scale = residual_scale if name in ("proj.weight", "down.weight") else 1.0
                nn.init.normal_(parameter, std=scale / math.sqrt(parameter.shape[1]))

    def projections(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """q, k and v [B, N, H, D], without positions, for x [B, N, width]."""
        return self.qkv(x).unflatten(-1, (3, self.heads, -1)).unbind(2)  # views

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self.projections(self.norm1(x))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = self.attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        x = x + self.proj(y.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)


class CopyingBlock(Block):
    """A block that can copy from the start; a Llama's learns it too late for a short run.

    q, k and v go through a short convolution, so that a token's are those of some bytes. In the half without positions
    a key is that of the byte before. q and k begin with the same weights: a token attends to what followed where the
    same bytes stood, at any distance, without another layer's help.
    """

    ROTATED = 0.5
    TAPS = 4  # bytes that the convolution sees, the token itself among them
    GAIN = 2.0  # of the first weights of q and k: the more tokens, the more it takes to find one

    def __init__(self, width: int, heads: int, attention: LighthouseAttention) -> None:
        super().__init__(width, heads, attention)
        self.convolution = ShortConvolution(3 * width, self.TAPS)

    @torch.no_grad()
    def initialise(self, residual_scale: float) -> None:
        super().initialise(residual_scale)
        width = self.proj.out_features
        self.qkv.weight[:width] *= self.GAIN
        for weight in (self.qkv.weight, self.convolution.weight):
            weight[width : 2 * width] = weight[:width]

    def projections(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.convolution(self.qkv(x)).unflatten(-1, (3, self.heads, -1)).unbind(2)
        place, content = k.chunk(2, dim=-1)
        return q, torch.cat([place, earlier(content, 1)], dim=-1), v


class ShortConvolution(nn.Module):
    """Causal, of each channel by itself: the inputs of a token and those before it, ``taps`` in all, weighed."""

    def __init__(self, channels: int, taps: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, taps))

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, channels], as x."""
        first, *others = self.weight.to(x.dtype).unbind(1)
        y = x * first
        for back, weight in enumerate(others, start=1):
            y = y + earlier(x, back) * weight
        return y


def earlier(x: Tensor, tokens: int) -> Tensor:
    """x [B, N, ...] of so many tokens ago, zero where there is none."""
    return functional.pad(x, [0, 0] * (x.dim() - 2) + [tokens, 0])[:, : x.shape[1]]


BLOCKS = {"llama": Block, "copying": CopyingBlock}


class Model(nn.Module):
    """Decoder over bytes.

    Args:
        name: "llama", or "copying": its blocks can copy from the start.
        layers, width, heads: of the model.
        seq_len: most tokens of a sequence.
        attention: arguments of every layer's LighthouseAttention.

    Raises:
        ValueError: another name.
    """

    def __init__(
        self, name: str, layers: int, width: int, heads: int, seq_len: int, attention: Mapping[str, Any]
    ) -> None:
        super().__init__()
        if name not in BLOCKS:
            raise ValueError(f"model: expects one of {list(BLOCKS)}, but got {name!r}")
        kind = BLOCKS[name]
        self.embedding = nn.Embedding(256, width)
        self.blocks = nn.ModuleList(kind(width, heads, LighthouseAttention(**attention)) for _ in range(layers))
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, 256, bias=False)
        rotated = int(kind.ROTATED * (width // heads))
        angles = torch.outer(torch.arange(seq_len), ROTARY_BASE ** -(torch.arange(0, rotated, 2) / rotated))[:, None]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        nn.init.normal_(self.head.weight, std=0.02)
        for block in self.blocks:
            block.initialise(1 / math.sqrt(2 * layers))

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
