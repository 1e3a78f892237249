# SPDX-License-Identifier: Apache-2.0
"""Trains torchtitan's Llama debug model on the CPU with its own trainer, for test_torchtitan.py.

    python torchtitan_training.py FOLDER STEPS [key=value ...]

Prints a line of JSON: for each step its number, whether each layer was dense, and the loss. torchtitan takes a machine
without an accelerator for one with CUDA, so it is told that there is the CPU. It also imports Triton, 1 GB that a CPU
never calls: where there is none something else of that name stands in while it is imported.
"""

import importlib.util
import json
import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch._inductor.compile_fx  # Before something stands in for Triton: torch looks for it as well.
import torch._utils


class _Anything(types.ModuleType):
    """A module whose every attribute is a decorator or a type, whichever is asked for."""

    __path__: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *given, **_: given[0] if given else lambda function: function


@contextmanager
def triton_is_there() -> Iterator[None]:
    names = [] if importlib.util.find_spec("triton") else ["triton", "triton.language"]
    sys.modules.update({name: _Anything(name) for name in names})
    if names:
        sys.modules["triton"].language = sys.modules["triton.language"]
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


torch._utils._get_available_device_type = lambda: "cpu"
with triton_is_there():
    from lighthouse.integrations import torchtitan as integration
    from torchtitan.components import metrics
    from torchtitan.components.dataloader import BaseDataLoader
    from torchtitan.components.tokenizer import BaseTokenizer
    from torchtitan.config.override import derive
    from torchtitan.distributed import utils as distributed
    from torchtitan.models.llama3.config_registry import llama3_debugmodel


class _Memory:
    """Of a CPU, which has no counters."""

    device_name = "CPU"

    def get_peak_stats(self) -> metrics.DeviceMemStats:
        return metrics.DeviceMemStats(*[0] * len(metrics.DeviceMemStats._fields))

    def reset_peak_stats(self) -> None:
        pass


metrics.build_device_memory_monitor = _Memory
distributed.set_pg_timeouts = lambda **_: None  # It hands the number of a device to a barrier.
TOKENS, VOCABULARY = 512, 2048  # of a row; of the debug model


class Tokens(BaseDataLoader):
    """Rows that a model can learn, of one document each or of two."""

    @dataclass(kw_only=True, slots=True)
    class Config(BaseDataLoader.Config):
        documents: int = 1

    def __init__(self, config: Config, seq_len: int, local_batch_size: int, **_: Any) -> None:
        self.documents, self.seq_len, self.rows = config.documents, seq_len, local_batch_size

    def __iter__(self) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        text = torch.arange(self.seq_len + 1).expand(self.rows, -1) * 7 % 31
        positions = torch.arange(self.seq_len).expand(self.rows, -1) % (self.seq_len // self.documents)
        while True:
            yield {"input": text[:, :-1].clone(), "positions": positions.clone()}, text[:, 1:].clone()

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


class NoTokenizer(BaseTokenizer):
    @dataclass(kw_only=True, slots=True)
    class Config(BaseTokenizer.Config):
        pass

    def __init__(self, config: Config, **_: Any) -> None:
        super().__init__()

    def encode(self, *_: Any, **__: Any) -> list[int]:
        return []

    def decode(self, *_: Any, **__: Any) -> str:
        return ""

    def get_vocab_size(self) -> int:
        return VOCABULARY


class Trainer(integration.LighthouseTrainer):
    """Keeps what it saw."""

    @dataclass(kw_only=True, slots=True)
    class Config(integration.LighthouseTrainer.Config):
        pass

    def train_step(self, data_iterator: Iterator[Any]) -> None:
        super().train_step(data_iterator)
        layers = [layer.attention.inner_attention.dense for layer in self.model_parts[0].layers.values()]
        self.seen = [*getattr(self, "seen", []), (self.step, layers, self.loss)]

    def forward_backward_step(self, **given: Any) -> torch.Tensor:
        loss = super().forward_backward_step(**given)
        self.loss = loss.item()
        return loss


def configuration(folder: Path, steps: int, changes: dict[str, Any]) -> Trainer.Config:
    """That of three layers of torchtitan's debug model, with ours in it."""
    base = llama3_debugmodel()
    del base.model_spec.model.layers[3:]
    base.training.steps, base.training.seq_len, base.training.local_batch_size = steps, TOKENS, 2
    base.training.disable_cuda_graphs = True
    base.checkpoint.enable, base.checkpoint.interval, base.validator.enable = True, 2, False
    settings = {"topk": 128, "num_levels": changes.pop("num_levels", 3), "pooling_factor": 2}
    settings["documents"] = changes.pop("documents", "separate")
    if changes.pop("override", False):
        base.override.imports = [("lighthouse.integrations.torchtitan.lighthouse_attention", settings)]
    else:
        integration.use_lighthouse(base.model_spec.model, **settings)
    loader = Tokens.Config(documents=changes.pop("packed", 1))
    paths = {"dump_folder": str(folder), "tokenizer": NoTokenizer.Config(), "dataloader": loader}
    return derive(base, Trainer.Config, **paths, **changes)


def main() -> None:
    folder, steps = Path(sys.argv[1]), int(sys.argv[2])
    changes = {name: json.loads(value) for name, value in (each.split("=") for each in sys.argv[3:])}
    os.environ |= {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}
    trainer = configuration(folder, steps, changes).build()
    trainer.train()
    print(json.dumps({"seen": trainer.seen}))
    trainer.close()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
