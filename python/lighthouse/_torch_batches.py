# SPDX-License-Identifier: Apache-2.0
"""Short documents of a pack, many at once: copied to rows of one length, on which attention of one level runs.

One by one each of them takes launches that do next to nothing. The copies have every document at the start of a row of
its own; behind its end its last token is repeated, which no token before it hears, and whose gradient is zero.
"""

import functools
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from lighthouse import _arguments, _cuda
from lighthouse._program import program
from lighthouse._torch_attention import run_attention, run_attention_backward

LONGEST = 1024  # tokens: the heads and blocks of longer documents keep a GPU busy
SHORTEST = 128  # tokens of a row
ROWS = (128, 32, 8)  # that run at once, the most first: few numbers, as each is a program of its own
# So many documents for rows of one length are worth the copies, by the type of device: benchmarks/varlen.py times both
# ways on a GPU. On a CPU one by one is no slower.
LEAST: dict[str, int | None] = {"cuda": 8}


class Heads(NamedTuple):
    """What the programs of a pack share besides a row's length."""

    device: str
    dtype: str
    num_heads: int
    num_kv_heads: int
    head_dim: int
    scale: float
    deterministic: bool

    def compile(self, rows: int, tokens: int) -> None:
        """Compiles and loads the program of so many rows, so that the first call does not."""
        sizes = (rows, self.num_heads, self.num_kv_heads, tokens, self.head_dim, 1, 2, 128)
        program("attention", self.device, self.dtype, *sizes, "norm", self.scale, 4, self.deterministic)


# What graphs read for as long as the process lives.
_captured: list["Rows"] = []


class Rows:
    """Documents as rows of one length, on the device: which slot of them holds which token of the pack."""

    def __init__(self, begins: Sequence[int], lengths: Sequence[int], tokens: int, device: str) -> None:
        self.shape = (len(begins), tokens)
        begin, length = torch.tensor([begins, lengths])[:, :, None]
        place = torch.arange(tokens)
        source = (begin + torch.minimum(place, length - 1).clamp(min=0)).flatten()
        behind = (place >= length).flatten()
        slots = (~behind).nonzero().flatten()
        self.source = _on(device, source)  # of each slot, a token of the pack
        self.behind = _on(device, behind[:, None, None])
        self.slots = _on(device, slots)  # that hold tokens of documents
        self.real = _on(device, source[slots])  # these tokens
        if device != "cpu":
            self.stream = torch.cuda.current_stream(device)  # which nothing waits for here
            self.copied = self.stream.record_event()

    def use(self) -> None:
        """To be called before they are read on the current stream of their GPU."""
        stream = torch.cuda.current_stream(self.source.device)
        if torch.cuda.is_current_stream_capturing():  # No copy is under way then.
            _captured.append(self)
        elif stream != self.stream:
            stream.wait_event(self.copied)
            for tensor in (self.source, self.behind, self.slots, self.real):
                tensor.record_stream(stream)

    def gather(self, x: Tensor) -> Tensor:
        """[total, H, D] as [rows, H, tokens, D]."""
        return x.index_select(0, self.source).unflatten(0, self.shape).transpose(1, 2)

    def gather_gradients(self, x: Tensor) -> Tensor:
        """As ``gather``, with zeros behind the ends."""
        x = x.index_select(0, self.source).masked_fill_(self.behind, 0)
        return x.unflatten(0, self.shape).transpose(1, 2)

    def scatter(self, parts: Sequence[Tensor], to: Tensor) -> None:
        """Rows [.., H, tokens, D], in parts, to their tokens of ``to`` [total, H, D]."""
        x = torch.cat([part.transpose(1, 2).flatten(0, 1) for part in parts])
        to.index_copy_(0, self.real, x.index_select(0, self.slots))


def _on(device: str, x: Tensor) -> Tensor:
    return x if device == "cpu" else x.pin_memory().to(device, non_blocking=True)


@functools.lru_cache(maxsize=64)  # Of packs that are under way: each has megabytes.
def _rows(begins: tuple[int, ...], lengths: tuple[int, ...], tokens: int, device: str) -> Rows:
    if device != "cpu":
        _cuda.refuse_in_capture()
    return Rows(begins, lengths, tokens, device)


class Batch(NamedTuple):
    """Documents of at most ``tokens`` tokens each, and some of none: a multiple of the fewest that run at once."""

    begins: tuple[int, ...]
    lengths: tuple[int, ...]
    tokens: int

    @staticmethod
    def of(begins: Sequence[int], lengths: Sequence[int], tokens: int) -> "Batch":
        none = -len(begins) % ROWS[-1]
        return Batch((*begins, *begins[-1:] * none), (*lengths, *[0] * none), tokens)

    def parts(self) -> Iterator[slice]:
        """Rows that run at once."""
        begin = 0
        for count in ROWS:
            while len(self.begins) - begin >= count:
                yield slice(begin, begin + count)
                begin += count

    def on(self, device: str) -> Rows:
        rows = _rows(*self, device)
        if device != "cpu":
            rows.use()
        return rows


def group(cu_seqlens: Sequence[int], settings: _arguments.Settings, device: str) -> dict[int, list[int]]:
    """Numbers of the short documents that are worth a batch, by the tokens of its rows. ``VarlenOp`` judges them."""
    least = LEAST.get(device.partition(":")[0])
    if least is None or settings.num_levels < 1 or settings.pooling_factor < 2 or settings.topk < 128:
        return {}
    groups: dict[int, list[int]] = {}
    for number, (begin, end) in enumerate(pairwise(cu_seqlens)):
        short = settings.num_levels == 1 or _arguments.is_short(*settings[:3], end - begin)
        if short and 0 < end - begin <= LONGEST:
            groups.setdefault(max(SHORTEST, 1 << (end - begin - 1).bit_length()), []).append(number)
    return {tokens: numbers for tokens, numbers in groups.items() if len(numbers) >= least}


class Batches:
    """The documents of a pack that run in batches, ``groups`` of them."""

    def __init__(self, cu_seqlens: Sequence[int], groups: dict[int, list[int]], heads: Heads) -> None:
        self.heads = heads
        self.settings = (1, 2, 128, "norm", heads.scale, 4)
        self.batches = []
        for tokens, numbers in groups.items():
            begins = [cu_seqlens[number] for number in numbers]
            lengths = [cu_seqlens[number + 1] - cu_seqlens[number] for number in numbers]
            batch = Batch.of(begins, lengths, tokens)
            for rows in {part.stop - part.start for part in batch.parts()}:
                heads.compile(rows, tokens)
            batch.on(heads.device)
            self.batches.append(batch)
        # What backward keeps: of each query the logarithm of its weights' sum, in float32.
        self.kept_bytes = sum(4 * heads.num_heads * len(batch.begins) * batch.tokens for batch in self.batches)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, out: Tensor, kept: Tensor) -> None:
        """Writes the documents' tokens of ``out``, and ``kept``, bytes."""
        for batch, lse in zip(self.batches, self._kept(kept), strict=True):
            rows = batch.on(self.heads.device)
            inputs = [rows.gather(x) for x in (q, k, v)]
            results = [run_attention(*(x[part] for x in inputs), self.settings) for part in batch.parts()]
            rows.scatter([result for result, _ in results], out)
            torch.cat([sums for _, sums in results], out=lse)

    def backward(self, inputs: Sequence[Tensor], dout: Tensor, kept: Tensor, gradients: Sequence[Tensor]) -> None:
        """Writes the documents' tokens of the gradients of q, k and v. ``inputs``: q, k, v and out."""
        for batch, lse in zip(self.batches, self._kept(kept), strict=True):
            rows = batch.on(self.heads.device)
            tensors = [*map(rows.gather, inputs), lse, rows.gather_gradients(dout)]
            results = [run_attention_backward(*(x[part] for x in tensors), self.settings) for part in batch.parts()]
            for parts, gradient in zip(zip(*results, strict=True), gradients, strict=True):
                rows.scatter(parts, gradient)

    def _kept(self, kept: Tensor) -> Iterator[Tensor]:
        begin = 0
        for batch in self.batches:
            shape = (len(batch.begins), self.heads.num_heads, batch.tokens)
            end = begin + 4 * math.prod(shape)
            yield kept[begin:end].view(torch.float32).view(shape)
            begin = end
