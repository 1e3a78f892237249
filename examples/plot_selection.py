# SPDX-License-Identifier: Apache-2.0
"""Draws what Lighthouse Attention selects on made-up data: two passages that matter, and in each head others.

    python examples/plot_selection.py [FILE]

FILE is docs/images/selection.png, which this command made.
"""

import sys
from pathlib import Path

import lighthouse
import torch

TOKENS, HEADS, HEAD_DIM = 8192, 3, 64
SETTINGS = {"num_levels": 4, "pooling_factor": 4, "topk": 128}


def made_up() -> list[torch.Tensor]:
    """q, k, v: noise, with louder queries and keys near places that are shared and near some of each head's own."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(1, HEADS, TOKENS, HEAD_DIM, generator=generator) for _ in range(3))
    position = torch.arange(TOKENS)
    for head in range(HEADS):
        own = torch.randint(TOKENS, (6,), generator=generator).tolist()
        for place in (1500, 6000, *own):
            loud = 1 + 3 * torch.exp(-(((position - place) / 24) ** 2))[:, None]
            q[0, head] *= loud
            k[0, head] *= loud
    return [q, k, v]


def main() -> None:
    default = Path(__file__).parents[1] / "docs/images/selection.png"
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    _, aux = lighthouse.attention(*made_up(), **SETTINGS, return_aux=True)
    lighthouse.plot_selection(aux.indices, TOKENS, **SETTINGS, file=file)
    print(file)


if __name__ == "__main__":
    main()
