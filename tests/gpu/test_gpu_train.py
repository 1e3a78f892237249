# SPDX-License-Identifier: Apache-2.0
"""Training on CUDA: torch.compile from step to step, checkpointing, several GPUs, Hugging Face transformers."""

from pathlib import Path

import pytest
import torch
from helpers import deterministic_algorithms, python
from test_compile import attend, check_steps, check_what_is_kept, compiled
from test_distributed import run_ranks
from test_gpu_torch import all_equal, on_gpu
from torch.utils.checkpoint import checkpoint

BACKENDS = ["aot_eager", "inductor"]


@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
def test_steps_compile_once(mode: str) -> None:
    """reduce-overhead: inside of CUDA graphs."""
    check_steps("cuda", backend="inductor", mode=mode)


@pytest.mark.parametrize("way", ["eager", "operators", *BACKENDS])
def test_the_sub_sequence_is_kept_and_not_the_inputs(way: str) -> None:
    check_what_is_kept(way, "cuda")


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing(reentrant: bool) -> None:
    q, k, v, dout = on_gpu(dtype=torch.bfloat16)
    grads = []
    with deterministic_algorithms():
        for step in (attend, lambda *qkv: checkpoint(attend, *qkv, use_reentrant=reentrant)):
            leaves = [x.detach().requires_grad_() for x in (q, k, v)]
            step(*leaves).backward(dout)
            grads.append([x.grad for x in leaves])
    assert all_equal(*grads)


def test_compiled_checkpointing() -> None:
    q, k, v, dout = on_gpu(dtype=torch.bfloat16)
    results = []
    with deterministic_algorithms():
        step = compiled(lambda q, k, v: checkpoint(attend, q, k, v, use_reentrant=False), "inductor")
        for function in (attend, step):
            out = function(q, k, v)
            results.append([out.detach(), *torch.autograd.grad(out, (q, k, v), dout)])
    assert all_equal(*results)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="one GPU")
@pytest.mark.parametrize("way", ["ddp", "fsdp2"])
def test_gradients_equal_those_of_one_process(way: str, tmp_path: Path) -> None:
    run_ranks(way, tmp_path / "store", "cuda")


# transformers --------------------------------------------------------------------------------------------------------

LLAMA = """
import torch
import transformers
from lighthouse.integrations.transformers import register

register(num_levels=2, pooling_factor=2, topk=128, dense_layers=(0,))
config = transformers.LlamaConfig(
    vocab_size=64, hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=512, attn_implementation="lighthouse",
)
torch.manual_seed(0)
model = transformers.LlamaForCausalLM(config).to("cuda")
ids = (torch.arange(602, device="cuda").view(2, 301) * 5) % 11
padding = torch.ones_like(ids)
padding[1, -3:] = 0
compiled = torch.compile(model, fullgraph=True)
"""

TRAIN = """
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
losses = []
for step in range(8):
    stance = "fail_on_recompile" if step else "default"
    with torch.compiler.set_stance(stance), torch.autocast("cuda", torch.bfloat16):
        loss = compiled(input_ids=ids, labels=ids, use_cache=False).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
assert losses[-1] < 0.7 * losses[0], losses
try:
    model(input_ids=ids, attention_mask=padding)
except ValueError as error:
    print(error)
"""

REFUSE = """
with torch.no_grad():
    compiled(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False)
    torch.cuda.synchronize()
    print("ones pass", flush=True)
    compiled(input_ids=ids, attention_mask=padding, use_cache=False)
    torch.cuda.synchronize()
    print("padding passes")
"""


def test_llama_trains() -> None:
    pytest.importorskip("transformers")
    result = python("-c", LLAMA + TRAIN, timeout=400)
    assert result.returncode == 0, result.stderr
    assert "attention_mask: expects None or ones, but got padding" in result.stdout


def test_compiled_llama_refuses_padding() -> None:
    """By a device-side assertion, after which the process has to end."""
    pytest.importorskip("transformers")
    result = python("-c", LLAMA + REFUSE, timeout=400)
    assert result.returncode != 0
    assert result.stdout.startswith("ones pass")
    assert "padding passes" not in result.stdout
    assert "device-side assert" in result.stderr
