# SPDX-License-Identifier: Apache-2.0
"""Many processes that start on one empty cache folder, all at once."""

import os
import subprocess
import sys
import time
from pathlib import Path

PROCESSES = 32
ROUNDS = int(os.environ.get("LIGHTHOUSE_TEST_ROUNDS", "2"))
# Waits for the file that starts all, and prints the results' hash.
CHILD = """
import hashlib, sys, time
from pathlib import Path
import torch, lighthouse
torch.use_deterministic_algorithms(True)
torch.manual_seed(3)
q, k, v, dout = (torch.randn(1, 2, 1000, 64).to("cuda", torch.bfloat16).requires_grad_() for _ in range(4))
torch.cuda.synchronize()
Path(sys.argv[1], f"ready-{sys.argv[2]}").touch()
while not Path(sys.argv[1], "go").exists():
    time.sleep(0.001)
out = lighthouse.attention(q, k, v, num_levels=3, pooling_factor=2, topk=128)
results = (out, *torch.autograd.grad(out, (q, k, v), dout))
print(hashlib.sha256(b"".join(x.detach().float().cpu().numpy().tobytes() for x in results)).hexdigest())
"""


def results_of_round(folder: Path) -> tuple[list[str], list[str], list[Path]]:
    """Hashes, what was said on standard error, and the cache's entries."""
    signals, cache = folder / "signals", folder / "cache"
    signals.mkdir(parents=True)
    cache.mkdir()
    environment = {**os.environ, "LIGHTHOUSE_CACHE_DIR": str(cache)}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(signals), str(number)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    while len(list(signals.glob("ready-*"))) < PROCESSES and all(child.poll() is None for child in children):
        time.sleep(0.01)
    (signals / "go").touch()
    said = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0] * PROCESSES, said
    return [out.strip() for out, _ in said], [text for _, text in said], list(cache.glob("llvmcache-*"))


def test_many_processes_on_an_empty_folder(tmp_path: Path) -> None:
    hashes = set()
    for number in range(ROUNDS):
        results, said, entries = results_of_round(tmp_path / str(number))
        hashes.update(results)
        assert not any("lighthouse: warning" in text for text in said), said
        # One of the program and one of its deterministic form.
        assert 1 <= len(entries) <= 2, entries
    assert len(hashes) == 1, hashes
