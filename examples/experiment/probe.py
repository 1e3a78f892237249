# SPDX-License-Identifier: Apache-2.0
"""Needle probe: whether a trained model copies a random text that it saw once, far back.

A line such as ``token_qzjwkvbn = "xkwjq..."`` stands in the validation text; the sequence ends with the same name and
the same value. Measured are the bytes of the value: their loss where they stand first, which no model can know, and
where they come again. Neither the name nor the value occurs anywhere else.
"""

from typing import Any

import torch
from model import Model, logits_of
from torch import Tensor
from torch.nn import functional

LETTERS = bytes(range(ord("a"), ord("z") + 1))
NAME, VALUE = 8, 32  # letters
SHARES = (1 / 256, 1 / 64, 1 / 16, 1 / 4, 15 / 16)  # distances from the first to the second, of the sequence
SEED = 1


def word(length: int, generator: torch.Generator) -> bytes:
    return bytes(LETTERS[index] for index in torch.randint(26, [length], generator=generator).tolist())


def sequence_of(filler: bytes, distance: int, generator: torch.Generator) -> tuple[bytes, int]:
    """As many bytes as ``filler``; the last VALUE ones stand ``distance`` earlier too. And where that is."""
    line = b'\ntoken_%b = "' % word(NAME, generator)
    value = word(VALUE, generator)
    end = b'"\n'
    first = len(filler) - VALUE - distance
    before = filler[: first - len(line)]
    between = filler[first + VALUE + len(end) : len(filler) - VALUE - len(line)]
    return before + line + value + end + between + line + value, first


@torch.no_grad()
def probe(model: Model, text: Tensor, seq_len: int, batch: int, trials: int) -> list[dict[str, Any]]:
    """Figures by distance: losses in nats a byte, the share of right bytes, and of values that are right in full.

    Args:
        text: uint8, what the needles stand in.
        seq_len, batch: of a call of the model.
        trials: of each distance, rounded up to whole batches. They are the same for every model.
    """
    generator = torch.Generator().manual_seed(SEED)
    rows = []
    for share in SHARES:
        distance = max(2 * VALUE + 2 * NAME, int(share * seq_len))
        firsts, seconds, rights = [], [], []
        for _ in range(-(-trials // batch)):
            made = [sequence_of(_window(text, seq_len + 1, generator), distance, generator) for _ in range(batch)]
            data = torch.tensor([list(data) for data, _ in made], device=text.device)
            tokens, targets = data[:, :-1], data[:, 1:]
            logits = logits_of(model, tokens)
            first = made[0][1] - 1  # of the targets
            firsts.append(_loss(logits, targets, first))
            seconds.append(_loss(logits, targets, seq_len - VALUE))
            rights.append(logits[:, -VALUE:].argmax(-1) == targets[:, -VALUE:])
        right = torch.cat(rights)
        rows.append(
            {
                "distance": distance,
                "trials": len(right),
                "first": torch.cat(firsts).mean().item(),
                "second": torch.cat(seconds).mean().item(),
                "bytes": right.float().mean().item(),
                "values": right.all(1).float().mean().item(),
            }
        )
    return rows


def _window(text: Tensor, length: int, generator: torch.Generator) -> bytes:
    start = int(torch.randint(len(text) - length + 1, [], generator=generator))
    return text[start : start + length].cpu().numpy().tobytes()


def _loss(logits: Tensor, targets: Tensor, start: int) -> Tensor:
    """Of VALUE bytes, [B, VALUE]."""
    chosen = logits[:, start : start + VALUE].transpose(1, 2)
    return functional.cross_entropy(chosen, targets[:, start : start + VALUE], reduction="none")
