# SPDX-License-Identifier: Apache-2.0
"""What no output may depend on, bit by bit: later tokens, other tiles' tokens, the number of threads, the run."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import lighthouse
import pytest
import torch
from helpers import DTYPES, SMALL, run, same_bits, small_inputs
from reference import Settings
from torch import Tensor

TILES = Settings(num_levels=3, pooling_factor=2, topk=384)  # at least 1525 tokens, 3 tiles
LENGTHS = {SMALL: 601, TILES: 1571}  # both padded
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)
each_settings = pytest.mark.parametrize("settings", [SMALL, TILES], ids=["one tile", "three tiles"])


def forward(q: Tensor, k: Tensor, v: Tensor, settings: Settings) -> tuple[Tensor, Tensor]:
    """out and indices."""
    out, aux = lighthouse.attention(q, k, v, **vars(settings), return_aux=True)
    return out, aux.indices


def changed(x: Tensor, token: int, change: Callable[[Tensor], Tensor]) -> Tensor:
    """x [B, H, N, D] with one token changed in every head."""
    x = x.clone()
    x[:, :, token] = change(x[:, :, token])
    return x


def tokens_of_interest(settings: Settings) -> list[int]:
    """Both ends of each tile, of the rows of 16, 64 and 512 that loops may step by, and some in between.

    All lie in a coarsest window that ends before N, so that their changes are heard.
    """
    seq_len = LENGTHS[replace(settings, scorer="norm", dilation=4)]
    tile = settings.padded_length(seq_len) // settings.num_tiles
    edges = [edge + step for edge in range(0, seq_len, tile) for step in (-1, 0, 1)]
    tokens = {*edges, 15, 16, 63, 64, 333, 511, 512, seq_len // 2, seq_len - 2 * settings.covers()[-1]}
    return sorted(token for token in tokens if 0 <= token < seq_len - settings.covers()[-1])


@each_settings
@each_dtype
def test_selection_hears_its_own_tile(settings: Settings, dtype: torch.dtype):
    """A changed token may change the selection of its tile, so outputs from the tile's first position on."""
    q, k, v, _ = small_inputs(dtype=dtype, seq_len=LENGTHS[settings])
    out, indices = forward(q, k, v, settings)
    tile = settings.padded_length(q.shape[2]) // settings.num_tiles
    slots = indices.shape[2] // settings.num_tiles
    for token in tokens_of_interest(settings):
        # Larger than all others, so that the selection of its windows changes too; q, k and v differ.
        inputs = [changed(x, token, lambda row, n=n: -n * row - n) for n, x in ((5, q), (6, k), (7, v))]
        other, other_indices = forward(*inputs, settings)
        which = token // tile
        assert torch.equal(out[:, :, : which * tile], other[:, :, : which * tile]), token
        assert not torch.equal(out[:, :, which * tile :], other[:, :, which * tile :]), token
        for one in set(range(settings.num_tiles)) - {which}:
            rows = slice(one * slots, (one + 1) * slots)
            assert torch.equal(indices[:, :, rows], other_indices[:, :, rows]), token


@each_settings
@each_dtype
def test_dilated_selection_hears_earlier_tiles(settings: Settings, dtype: torch.dtype):
    """With the scorer "dilated" a changed token may change the selection of later tiles too, of earlier ones never."""
    q, k, v, _ = small_inputs(dtype=dtype, seq_len=LENGTHS[settings])
    settings = replace(settings, scorer="dilated", dilation=3)
    out, indices = forward(q, k, v, settings)
    tile = settings.padded_length(q.shape[2]) // settings.num_tiles
    slots = indices.shape[2] // settings.num_tiles
    for token in tokens_of_interest(settings):
        inputs = [changed(x, token, lambda row, n=n: -n * row - n) for n, x in ((5, q), (6, k), (7, v))]
        other, other_indices = forward(*inputs, settings)
        which = token // tile
        assert torch.equal(out[:, :, : which * tile], other[:, :, : which * tile]), token
        assert not torch.equal(out[:, :, which * tile :], other[:, :, which * tile :]), token
        assert torch.equal(indices[:, :, : which * slots], other_indices[:, :, : which * slots]), token


# With these the selection stays: norms do not change.
SAME_SELECTION = {
    "v": lambda q, k, v, t: (q, k, changed(v, t, lambda row: row * -2 + 1)),
    "negated q": lambda q, k, v, t: (changed(q, t, torch.neg), k, v),
    "negated k": lambda q, k, v, t: (q, changed(k, t, torch.neg), v),
    "all": lambda q, k, v, t: [changed(x, t, torch.neg) for x in (q, k, v)],
}


@each_settings
@each_dtype
@pytest.mark.parametrize("change", SAME_SELECTION.values(), ids=SAME_SELECTION.keys())
def test_no_output_hears_a_later_token(change: Callable, settings: Settings, dtype: torch.dtype):
    q, k, v, _ = small_inputs(dtype=dtype, seq_len=LENGTHS[settings])
    out, indices = forward(q, k, v, settings)
    for token in tokens_of_interest(settings):
        other, other_indices = forward(*change(q, k, v, token), settings)
        assert torch.equal(indices, other_indices), token
        assert torch.equal(out[:, :, :token], other[:, :, :token]), token
        assert not torch.equal(out[:, :, token:], other[:, :, token:]), token


@each_settings
@each_dtype
def test_no_later_token_gets_a_gradient(settings: Settings, dtype: torch.dtype):
    """A loss on the outputs before a token has gradients of exactly 0 there and later, with the selection held."""
    q, k, v, dout = small_inputs(dtype=dtype, seq_len=LENGTHS[settings])
    for token in tokens_of_interest(settings):
        earlier = dout.clone()
        earlier[:, :, token:] = 0
        results = run(q, k, v, earlier, settings)
        for name in ("dq", "dk", "dv"):
            assert not results[name][:, :, token:].any(), (name, token)
        # Where an output is heard at all, its values get a gradient. The first positions hear finer entries only, which
        # may not be selected; from the end of the first coarsest window on all hear one.
        heard = results["out"][:, :, :token].any()
        assert heard or token < settings.covers()[-1], token
        assert results["dv"][:, :, :token].any() == heard, token


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets torch's number of threads, for one test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@each_settings
@each_dtype
@pytest.mark.parametrize("scorer", ["norm", "dilated"])
def test_threads_and_runs(threads: Callable[[int], None], settings: Settings, dtype: torch.dtype, scorer: str):
    """The same bits with 1, 2 and 4 threads and in every run, forward and backward."""
    inputs = small_inputs(dtype=dtype, seq_len=LENGTHS[settings])
    settings = replace(settings, scorer=scorer)
    threads(1)
    first = run(*inputs, settings)
    assert all(first[name].any() for name in first)
    for number in (1, 2, 2, 4, 4, 3):
        threads(number)
        assert same_bits(first, run(*inputs, settings)), number
