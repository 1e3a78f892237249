# SPDX-License-Identifier: Apache-2.0
"""Host time of a warm call of lighthouse.attention, Python included.

    python benchmarks/host.py [--device cuda:0] [--markdown]

The sizes are the least, so that on a GPU the device keeps up and what is timed is the call alone; nothing waits between
calls. On the CPU the kernels' own time is in the figures. The least of five rounds. Exits with 1 when a forward call on
a GPU takes 40 us or more.
"""

import argparse
import sys
import time
from collections.abc import Callable

import lighthouse
import torch
from rich.console import Console
from rich.table import Table

BAR = 40.0  # us, of a forward call on a GPU
CALLS, ROUNDS = 100, 5
SETTINGS = {
    "three levels": {"num_levels": 3, "pooling_factor": 2, "topk": 128},
    "one level": {"num_levels": 1},
}


def microseconds(call: Callable[[], object], device: torch.device) -> float:
    """Of one call, the least of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS + 1):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        begin = time.perf_counter()
        for _ in range(CALLS):
            call()
        best = min(best, (time.perf_counter() - begin) / CALLS * 1e6)
    return best


def measure(device: torch.device, settings: dict) -> tuple[float, float, float]:
    """Forward without gradients, forward with, and both directions."""
    q, k, v, dout = (torch.randn(1, 1, 512, 16, dtype=torch.bfloat16, device=device) for _ in range(4))

    def forward() -> torch.Tensor:
        return lighthouse.attention(q, k, v, **settings)

    plain = microseconds(forward, device)
    for x in (q, k, v):
        x.requires_grad_()
    recorded = microseconds(forward, device)
    both = microseconds(lambda: torch.autograd.grad(forward(), (q, k, v), dout), device)
    return plain, recorded, both


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", help="cpu (the default) or cuda:0, cuda:1, ...")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("expects an NVIDIA GPU, but torch sees none")
    headers = ["", "forward (us)", "recorded for backward (us)", "forward and backward (us)"]
    times = {name: measure(device, settings) for name, settings in SETTINGS.items()}
    lines = [[name, *(f"{each:.1f}" for each in row)] for name, row in times.items()]
    if options.markdown:
        for row in (headers, ["---"] * len(headers), *lines):
            print("| " + " | ".join(row) + " |")
    else:
        table = Table(*headers, title=f"Host time of a warm call on {device}")
        for row in lines:
            table.add_row(*row)
        Console().print(table)
    missed = [name for name, row in times.items() if device.type == "cuda" and max(row[:2]) >= BAR]
    if missed:
        print(f"Forward takes {BAR:.0f} us or more: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
