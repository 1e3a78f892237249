# SPDX-License-Identifier: Apache-2.0
"""The callback for Lightning: real trainings of a few steps, resumed from checkpoints."""

from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from lighthouse.integrations.lightning import LighthouseCallback
from test_nn import LEAST, Block

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")


class Module(lightning.LightningModule):
    """Two blocks; keeps which of them were dense in each step."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = torch.nn.Sequential(Block(), Block())
        self.seen = []

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        self.seen.append((self.global_step, *(block.attend.dense for block in self.blocks)))
        return self.blocks(batch).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.01)


def fit(callback: LighthouseCallback, folder: Path, checkpoint: Path | None = None, **options: Any) -> Module:
    module = Module()
    trainer = lightning.Trainer(
        accelerator="cpu", devices=1, logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, default_root_dir=folder, callbacks=[callback], **options,
    )  # fmt: skip
    data = torch.utils.data.DataLoader(torch.randn(8, LEAST, 32), batch_size=1)
    trainer.fit(module, data, ckpt_path=checkpoint)
    trainer.save_checkpoint(folder / "saved.ckpt")
    return module


def test_switches_and_resumes(tmp_path: Path) -> None:
    module = fit(LighthouseCallback(0.75, dense_layers=(0,)), tmp_path, max_steps=4)
    assert module.seen == [(0, True, False), (1, True, False), (2, True, False), (3, True, True)]
    resumed = fit(LighthouseCallback(5), tmp_path, tmp_path / "saved.ckpt", max_steps=6)
    assert resumed.seen == [(4, False, False), (5, True, True)]


def test_counts_steps_of_the_optimizer(tmp_path: Path) -> None:
    module = fit(LighthouseCallback(0.5), tmp_path, max_epochs=1, accumulate_grad_batches=2)  # 4 steps of 2 batches
    assert module.seen == [(i // 2, i >= 4, i >= 4) for i in range(8)]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"dense_from: expects .*but got 2\.0"):
        LighthouseCallback(2.0)
    with pytest.raises(ValueError, match="dense_from: expects an int step where neither max_steps nor max_epochs"):
        fit(LighthouseCallback(0.5), tmp_path, max_epochs=-1)
