# SPDX-License-Identifier: Apache-2.0
"""Needles: lines ``#name=value`` of random letters that stand twice in a sequence, in place of its text.

Where the second line's name ends, the first line is all that tells the value. Training sequences have some needles, at
many distances; those of the probe have one more, which is looked at.
"""

import math
import random
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

LETTERS = bytes(range(ord("a"), ord("z") + 1))
NAME, VALUE = 6, 8  # letters
VALUE_AT = NAME + 3  # in a line
LENGTH = VALUE_AT + VALUE + 1  # bytes of a line; it begins and ends with an end of line
NEAREST = 32  # least distance


class Needle(NamedTuple):
    """``first`` and ``second`` are where its two lines begin; their distance is the bytes between."""

    line: bytes
    first: int
    second: int


def most(seq_len: int) -> int:
    """Needles that a sequence may have: they take an eighth of it."""
    return seq_len // (8 * 2 * LENGTH)


def line_of(chance: random.Random) -> bytes:
    word = bytes(chance.choices(LETTERS, k=NAME + VALUE))
    return b"\n#%b=%b\n" % (word[:NAME], word[NAME:])


def needles_of(count: int, length: int, chance: random.Random, given: Iterable[Needle] = ()) -> list[Needle]:
    """The given ones and ``count`` others, for ``length`` bytes. Distances are log-uniform; lines do not overlap."""
    needles = list(given)
    taken = bytearray(length)
    for needle in needles:
        _take(taken, needle)
    for _ in range(count):
        needle = _needle(length, chance)
        while any(any(taken[start : start + LENGTH]) for start in needle[1:]):
            needle = _needle(length, chance)
        _take(taken, needle)
        needles.append(needle)
    return needles


def plant(row: Tensor, needles: list[Needle]) -> None:
    """Writes the lines into a sequence of uint8 [N]."""
    starts = torch.tensor([start for needle in needles for start in needle[1:]], dtype=torch.int64)
    positions = (starts[:, None] + torch.arange(LENGTH)).flatten()
    lines = torch.tensor(list(b"".join(2 * needle.line for needle in needles)), dtype=torch.uint8)
    row[positions.to(row.device, non_blocking=True)] = lines.to(row.device, non_blocking=True)


def _needle(length: int, chance: random.Random) -> Needle:
    distance = int(math.exp(chance.uniform(math.log(NEAREST), math.log(length - LENGTH))))
    first = int(chance.random() * (length - LENGTH - distance + 1))
    return Needle(line_of(chance), first, first + distance)


def _take(taken: bytearray, needle: Needle) -> None:
    for start in needle[1:]:
        taken[start : start + LENGTH] = b"\1" * LENGTH
