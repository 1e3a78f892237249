# SPDX-License-Identifier: Apache-2.0
"""One rank of a data-parallel step, started by test_distributed.py: gradients against those of one process.

``data_parallel.py WAY STORE RANK DEVICE``. WAY is ddp or fsdp2, STORE a file that the two ranks meet at, DEVICE cpu (by
gloo) or cuda (by NCCL, a GPU for each rank).
"""

import os
import sys

import torch
import torch.distributed
from lighthouse.nn import LighthouseAttention
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

RANKS = 2


class Block(torch.nn.Module):
    """A residual block of attention with grouped heads."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = torch.nn.Linear(32, 64)
        self.proj = torch.nn.Linear(32, 32)
        self.attend = LighthouseAttention(num_levels=2, pooling_factor=2, topk=128)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.qkv(x).unflatten(-1, (4, 16)).transpose(1, 2)
        q, k, v = heads.split((2, 1, 1), dim=1)
        return x + self.proj(self.attend(q, k, v, enable_gqa=True).transpose(1, 2).flatten(2))


def gradients(model: torch.nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Of the mean loss, whole on every rank."""
    model(x).square().mean().backward()
    grads = {name.removeprefix("module."): parameter.grad for name, parameter in model.named_parameters()}
    return {name: grad.full_tensor() if hasattr(grad, "full_tensor") else grad for name, grad in grads.items()}


def make_model(device: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(Block(), Block()).to(device)


def distribute(model: torch.nn.Module, way: str, device: str) -> torch.nn.Module:
    if way == "ddp":
        return DistributedDataParallel(model)
    mesh = init_device_mesh(device, (RANKS,))
    for block in model:
        fully_shard(block, mesh=mesh)
    return fully_shard(model, mesh=mesh)


def main(way: str, store: str, rank: int, device: str) -> None:
    backend = "gloo" if device == "cpu" else "nccl"
    if device == "cuda":
        torch.cuda.set_device(rank)
    torch.distributed.init_process_group(backend, init_method=f"file://{store}", rank=rank, world_size=RANKS)
    x = torch.randn(2 * RANKS, 301, 32, generator=torch.Generator().manual_seed(1)).to(device)
    expected = gradients(make_model(device), x)
    model = distribute(make_model(device), way, device)
    result = gradients(model, x[2 * rank : 2 * rank + 2])
    assert result.keys() == expected.keys()
    for name, grad in expected.items():
        assert grad.any(), name
        torch.testing.assert_close(result[name], grad, rtol=1e-4, atol=1e-6, msg=lambda text, name=name: name + text)
    torch.distributed.barrier()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
    print("equal", flush=True)
    os._exit(0)  # gloo's threads may wait for the interpreter, and it for them, when DDP's reducer is destroyed.
