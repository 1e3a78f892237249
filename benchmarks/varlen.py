# SPDX-License-Identifier: Apache-2.0
"""Packed documents on an NVIDIA GPU: what their lengths cost in compiling, and time against dense attention of each.

    python benchmarks/varlen.py [TOPK ...]

200 documents with log-normal lengths (median 4,096, sigma 1) in packs of 98,304 tokens; bfloat16, 8 heads of 128, three
levels of 4, for each TOPK (512, 1024 and 1536). Compiling is timed with an empty cache. The attention is timed on the
first pack, forward and both directions, as PyTorch calls it, medians of 10; dense attention is PyTorch's
``varlen_attn`` (FlashAttention).

Then packs of short documents, attended densely: one by one; 8 and more of them together, as they run
(lighthouse/_torch_batches.py); and by ``varlen_attn``.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate

import lighthouse
import torch
from lighthouse import _torch_batches
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn.attention.varlen import varlen_attn

TOKENS, HEADS, HEAD_DIM = 98_304, 8, 128
DOCUMENTS, MEDIAN, SIGMA = 200, 4096, 1.0


def packs() -> list[list[int]]:
    """Lengths of the documents of each pack; one that does not fit a pack's rest is cut, and goes on in the next."""
    generator = torch.Generator().manual_seed(0)
    lengths = (torch.randn(DOCUMENTS, generator=generator) * SIGMA).exp().mul(MEDIAN).int().add(1).tolist()
    made: list[list[int]] = [[]]
    for length in lengths:
        while length:
            room = TOKENS - sum(made[-1])
            part = min(length, room)
            made[-1].append(part)
            length -= part
            if part == room:
                made.append([])
    return [pack for pack in made if sum(pack) == TOKENS]


def bounds(lengths: list[int]) -> Tensor:
    return torch.tensor([0, *accumulate(lengths)], dtype=torch.int32)


def milliseconds(call: Callable[[], object], rounds: int = 10) -> float:
    """The median, the host's part included."""
    call()
    times = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[rounds // 2]


def both(forward: Callable[[], Tensor], inputs: list[Tensor]) -> Callable[[], object]:
    """Forward and backward."""
    return lambda: torch.autograd.grad(forward(), inputs, torch.ones_like(inputs[0]))


def main(topks: list[int]) -> None:
    inputs = [torch.randn(TOKENS, HEADS, HEAD_DIM, dtype=torch.bfloat16, device="cuda").requires_grad_() for _ in "qkv"]
    lists = [bounds(lengths) for lengths in packs()]
    first, on_device, longest = lists[0], lists[0].cuda(), int(lists[0].diff().max())

    def dense() -> Tensor:
        return varlen_attn(*inputs, on_device, on_device, longest, longest, window_size=(-1, 0))

    table = Table("topk", "packs", "compiling, s", "forward, ms", "both, ms", title="Packed documents")
    table.add_row("dense", "", "", f"{milliseconds(dense):.2f}", f"{milliseconds(both(dense, inputs)):.2f}")
    for topk in topks:
        settings = {"num_levels": 3, "pooling_factor": 4, "topk": topk}
        start = time.perf_counter()
        for cu_seqlens in lists:
            lighthouse.prepare_varlen(*inputs, cu_seqlens, **settings)
        compiling = time.perf_counter() - start

        def forward(settings: dict = settings) -> Tensor:
            return lighthouse.varlen_attention(*inputs, first, **settings)

        times = [f"{milliseconds(call):.2f}" for call in (forward, both(forward, inputs))]
        table.add_row(str(topk), str(len(lists)), f"{compiling:.1f}", *times)
    Console().print(table)
    Console().print(short_documents(inputs))


def short_documents(inputs: list[Tensor]) -> Table:
    """Of packs in which all documents are about as long."""
    title = "Short documents, forward and both directions, ms"
    table = Table("tokens", "documents", "one by one", "together", "varlen_attn", title=title)
    for median in (50, 100, 200, 400, 800):
        generator = torch.Generator().manual_seed(median)
        lengths = torch.randint(median // 2, 3 * median // 2, (TOKENS // median,), generator=generator).tolist()
        while sum(lengths) > TOKENS:
            lengths.pop()
        cu_seqlens = bounds([*lengths, TOKENS - sum(lengths)])
        on_device, longest = cu_seqlens.cuda(), int(cu_seqlens.diff().max())

        def ours(cu_seqlens: Tensor = cu_seqlens) -> Tensor:
            return lighthouse.varlen_attention(*inputs, cu_seqlens, num_levels=1)

        def dense(on_device: Tensor = on_device, longest: int = longest) -> Tensor:
            return varlen_attn(*inputs, on_device, on_device, longest, longest, window_size=(-1, 0))

        cells = []
        for call, least in ((ours, None), (ours, 8), (dense, 8)):
            lighthouse.clear_memory_cache()
            _torch_batches.LEAST["cuda"] = least
            cells.append(", ".join(f"{milliseconds(each):.2f}" for each in (call, both(call, inputs))))
        table.add_row(str(median), str(len(lengths)), *cells)
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topk", type=int, nargs="*", metavar="TOPK", help="a multiple of 128 (512 1024 1536)")
    topks = parser.parse_args().topk or [512, 1024, 1536]
    if not torch.cuda.is_available():
        sys.exit("expects an NVIDIA GPU, but torch sees none")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["LIGHTHOUSE_CACHE_DIR"] = cache
        main(topks)
