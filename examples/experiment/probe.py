# SPDX-License-Identifier: Apache-2.0
"""Needle probe: whether a trained model copies a random value that it saw once, far back.

A needle of needles.py stands in validation text, its second line at the end of the sequence, among as many other
needles as a training sequence has. Measured are the bytes of the value: their loss where they stand first, which no
model can know, and where they come again. Neither the name nor the value occurs anywhere else.
"""

import random
from typing import Any

import torch
from model import Model, logits_of
from needles import LENGTH, VALUE, VALUE_AT, Needle, line_of, needles_of, plant
from torch import Tensor
from torch.nn import functional

SHARES = (1 / 256, 1 / 64, 1 / 16, 1 / 4, 15 / 16)  # distances from the first to the second, of the sequence
SEED = "probe"


def sequence_of(filler: Tensor, distance: int, others: int, chance: random.Random) -> tuple[Tensor, Needle]:
    """uint8 like ``filler``, with a needle whose second line ends it, and with others."""
    second = len(filler) - LENGTH
    needle = Needle(line_of(chance), second - distance, second)
    made = filler.clone()
    plant(made, needles_of(others, len(filler), chance, [needle]))
    return made, needle


@torch.no_grad()
def probe(model: Model, text: Tensor, seq_len: int, batch: int, needles: int, trials: int) -> list[dict[str, Any]]:
    """Figures by distance: losses in nats a byte, the share of right bytes, and of values that are right in full.

    Args:
        text: uint8, what the needles stand in.
        seq_len, batch: of a call of the model.
        needles: others in each sequence.
        trials: of each distance, rounded up to whole batches. They are the same for every model.
    """
    rows = []
    for share in SHARES:
        distance = max(2 * LENGTH, int(share * seq_len))
        chance = random.Random(f"{SEED} {distance}")
        figures = [_trial(model, text, seq_len, batch, needles, distance, chance) for _ in range(-(-trials // batch))]
        first, second, right = (torch.cat(each) for each in zip(*figures, strict=True))
        rows.append(
            {
                "distance": distance,
                "trials": len(right),
                "letters": VALUE,
                "first": first.mean().item(),
                "second": second.mean().item(),
                "bytes": right.float().mean().item(),
                "values": right.all(1).float().mean().item(),
            }
        )
    return rows


def _trial(
    model: Model, text: Tensor, seq_len: int, batch: int, needles: int, distance: int, chance: random.Random
) -> tuple[Tensor, Tensor, Tensor]:
    """Of a batch, [B, VALUE] each: losses where the value stands first and where it comes again, and what is right."""
    starts = [int(chance.random() * (len(text) - seq_len)) for _ in range(batch)]
    made = [sequence_of(text[start : start + seq_len + 1], distance, needles, chance) for start in starts]
    data = torch.stack([data for data, _ in made]).long()
    logits, targets = logits_of(model, data[:, :-1]), data[:, 1:]
    needle = made[0][1]
    first, second = (slice(start + VALUE_AT - 1, start + VALUE_AT - 1 + VALUE) for start in needle[1:])
    losses = (
        functional.cross_entropy(logits[:, span].transpose(1, 2), targets[:, span], reduction="none")
        for span in (first, second)
    )
    return *losses, logits[:, second].argmax(-1) == targets[:, second]
