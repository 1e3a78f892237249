# SPDX-License-Identifier: Apache-2.0
"""Lightning: a callback for the two stages of a training."""

from collections.abc import Callable, Collection
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from lighthouse.schedule import TwoStage, dense_step

__all__ = ["LighthouseCallback"]


class LighthouseCallback(Callback):
    """Two stages for a ``lightning.Trainer``: dense from a step, or a fraction of the training's steps, on.

    It follows ``trainer.global_step``, which Lightning's checkpoints keep.

    Args:
        dense_from: the first dense step of the optimiser (int), or a fraction of all steps (float); a fraction needs a
            training whose number of steps is known.
        dense_layers, set_dense: as for ``lighthouse.TwoStage``.
    """

    def __init__(
        self,
        dense_from: int | float,
        dense_layers: Collection[int] = (),
        set_dense: Callable[[torch.nn.Module, bool], Any] | None = None,
    ) -> None:
        dense_step(dense_from, total_steps=1)  # Refuses what is wrong now.
        self.dense_from, self.dense_layers, self.set_dense = dense_from, dense_layers, set_dense
        self.schedule: TwoStage | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        total = None
        if isinstance(self.dense_from, float):
            total = trainer.estimated_stepping_batches
            if total == float("inf"):
                raise ValueError(
                    f"dense_from: expects an int step where neither max_steps nor max_epochs is set, but got the "
                    f"fraction {self.dense_from}"
                )
        self.schedule = TwoStage(pl_module, self.dense_from, total and int(total), self.dense_layers, self.set_dense)
        self.schedule.at(trainer.global_step)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        self.schedule.at(trainer.global_step)
