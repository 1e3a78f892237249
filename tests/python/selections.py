# SPDX-License-Identifier: Apache-2.0
"""Whether a selection is one of those that scores with errors allow: one, where errors are 0 and no scores equal."""

from itertools import product

import torch
from reference import KEPT, Settings, window_scores
from torch import Tensor

HALF = KEPT // 2


def check_selection(
    indices: Tensor, scores: tuple[Tensor, Tensor], errors: tuple[Tensor, Tensor], settings: Settings
) -> None:
    """``indices`` [B, H, S] for token scores and their errors [B, H, N] of queries and of keys."""
    seq_len = scores[0].shape[2]
    level, window = settings.windows(indices, seq_len)
    # The least and the largest score that a window may have.
    intervals = [
        [window_scores(score.double() + sign * error, settings) for sign in (-1, 1)]
        for score, error in zip(scores, errors, strict=True)
    ]
    for b, h, tile in product(*map(range, (*indices.shape[:2], settings.num_tiles))):
        slots = slice(*(indices.shape[2] // settings.num_tiles * x for x in (tile, tile + 1)))
        of_level = [window[b, h, slots][level[b, h, slots] == which] for which in range(settings.num_levels)]
        check_order(level[b, h, slots], window[b, h, slots], settings)
        windows = settings.padded_length(seq_len) // settings.covers()[-1] // settings.num_tiles
        candidates = torch.arange(tile * windows, (tile + 1) * windows)
        for which in reversed(range(1, settings.num_levels)):
            assert torch.equal(of_level[which], candidates)
            kept = torch.unique(of_level[which - 1] // settings.pooling_factor)
            assert len(kept) == KEPT
            bounds = [[side[which][b, h, candidates] for side in sides] for sides in intervals]
            check_kept(torch.isin(candidates, kept), *bounds[0], *bounds[1])
            candidates = (kept[:, None] * settings.pooling_factor + torch.arange(settings.pooling_factor)).flatten()
        assert torch.equal(of_level[0], candidates)


def check_order(level: Tensor, window: Tensor, settings: Settings) -> None:
    """By the last token covered, finer first."""
    last = (window + 1) * torch.tensor(settings.covers())[level] - 1
    key = last * settings.num_levels + level
    assert (key[1:] > key[:-1]).all()


def check_kept(kept: Tensor, q_least: Tensor, q_most: Tensor, k_least: Tensor, k_most: Tensor) -> None:
    """``kept`` [C] of a level's candidates, for the least and the largest score that each may have.

    Of those kept by query score fewer than 64 others are above each; of those kept by key score too, among the rest.
    """
    surely_by_query = above(q_most, q_least, ties=True) - 1 < HALF  # less itself
    maybe_by_query = above(q_least, q_most, ties=False) < HALF
    surely_by_key = above(k_most.where(~surely_by_query, -torch.inf), k_least, ties=True) - 1 < HALF
    maybe_by_key = above(k_least.where(~maybe_by_query, -torch.inf), k_most, ties=False) < HALF
    assert kept[surely_by_query | surely_by_key].all()
    assert not kept[~(maybe_by_query | maybe_by_key)].any()


def above(scores: Tensor, than: Tensor, ties: bool) -> Tensor:
    """How many scores are above each of ``than``, or, with ``ties``, not below it."""
    return ((scores[None] >= than[:, None]) if ties else (scores[None] > than[:, None])).sum(1)
