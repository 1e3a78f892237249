# SPDX-License-Identifier: Apache-2.0
"""The integration of torchtitan: its own trainer on the CPU, and what is refused."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import python

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="torchtitan is installed for Python 3.11 on")
TRAINING = Path(__file__).with_name("torchtitan_training.py")


def train(folder: Path, steps: int, *changes: str) -> subprocess.CompletedProcess:
    return python(str(TRAINING), str(folder), str(steps), *changes, timeout=300)


def seen(result: subprocess.CompletedProcess) -> dict:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_trains_and_resumes(tmp_path: Path) -> None:
    """Four steps, the first layer dense throughout, then two more from the checkpoint, the last one all dense."""
    first = seen(train(tmp_path / "two", 4, "dense_from=5", "dense_layers=[0]"))
    mostly = [True, False, False]
    assert [(step, layers) for step, layers, _ in first["seen"]] == [(step, mostly) for step in (1, 2, 3, 4)]
    second = seen(train(tmp_path / "two", 6, "dense_from=5", "dense_layers=[0]"))
    assert [(step, layers) for step, layers, _ in second["seen"]] == [(5, mostly), (6, [True] * 3)]
    losses = [loss for *_, loss in [*first["seen"], *second["seen"]]]
    assert losses[4] < losses[3] < losses[0] - 1


def test_override_crosses_documents(tmp_path: Path) -> None:
    """As on the command line; a fraction of the steps; rows of two documents."""
    changes = ["override=true", "packed=2", 'documents="cross"', "dense_from=0.5"]
    result = seen(train(tmp_path, 2, *changes))
    assert [(step, layers[0]) for step, layers, _ in result["seen"]] == [(1, False), (2, True)]


def test_packed_documents_are_refused(tmp_path: Path) -> None:
    result = train(tmp_path, 2, "packed=2")
    assert result.returncode != 0
    expected = (
        "one document in each of 2 rows of 512 tokens, but got 4 documents, the longest of 256; documents='cross'"
    )
    assert f"ValueError: attention_masks: expects {expected}" in result.stderr


PAGE = """
import sys
sys.path.insert(0, {tests!r})
import torchtitan_training
{snippet}
model = llama3_debugmodel_lighthouse().model_spec.model
assert [layer.attention.inner_attention.topk for layer in model.layers] == [128] * 6
"""


def test_snippet_of_the_page() -> None:
    page = (TRAINING.parents[2] / "docs/integrations.md").read_text()
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    result = python("-c", PAGE.format(tests=str(TRAINING.parent), snippet=snippet))
    assert result.returncode == 0, result.stderr


REFUSALS = """
import sys
sys.argv, sys.path = ["x"], [{tests!r}, *sys.path]
import torchtitan_training as t
import torch
from torchtitan.models.common.attention import ScaledDotProductAttention, VarlenAttention
from torchtitan.models.llama3 import model_registry

i = t.integration
Config = i.LighthouseInnerAttention.Config


def attend(**given):
    q = torch.randn(1, 512, 2, 8)
    Config(topk=128, pooling_factor=2).build()(q, q, q, **given)


def with_sdpa():
    model = model_registry("debugmodel").model
    model.layers[3].attention.inner_attention = ScaledDotProductAttention.Config()
    i.use_lighthouse(model, topk=128)


def trainer(**changes):
    i.LighthouseTrainer(t.configuration(t.Path("x"), 4, changes))


def parallel(**degrees):
    config = t.configuration(t.Path("x"), 4, {{"dense_layers": [0]}})
    for name, degree in degrees.items():
        setattr(config.parallelism, name, degree)
    i.LighthouseTrainer(config)


for call in (
    lambda: attend(attention_masks=torch.ones(1)),
    lambda: attend(is_causal=False),
    lambda: attend(score_mod=len),
    lambda: Config(topk=128, documents="drop").build(),
    lambda: Config(topk=128, window_size=(64, 0)).build(),
    lambda: i.use_lighthouse(model_registry("debugmodel").model, topk=100),
    lambda: i.use_lighthouse(model_registry("debugmodel"), topk=128),
    with_sdpa,
    lambda: trainer(dense_from=1.5),
    lambda: trainer(dense_from=-1.0),
    lambda: parallel(pipeline_parallel_degree=2),
    lambda: parallel(context_parallel_degree=2),
):
    try:
        call()
        print("accepted")
    except (TypeError, ValueError) as error:
        print(error)
attend(score_mod=None)
assert i.use_lighthouse(model_registry("debugmodel", attn_backend="varlen").model, topk=128) == 6
"""


def test_refusals() -> None:
    result = python("-c", REFUSALS.format(tests=str(TRAINING.parent)))
    assert result.returncode == 0, result.stderr
    expected = [
        "attention_masks: expects None or the documents' lengths, but got a Tensor; documents='cross' lets attention",
        "is_causal: expects True, but got False",
        "score_mod: expects None, as Lighthouse Attention has no such argument, but got a value",
        "documents: expects 'refuse' or 'cross', but got 'drop'",
        r"window_size: expects \(-1, 0\), attention to all before, but got \(64, 0\)",
        "topk: expects a positive multiple of 128, but got 100",
        "model_config: expects a Decoder.Config, but got ModelSpec",
        "inner_attention: expects the configuration of FlexAttention or VarlenAttention, but got ScaledDotProductAtt",
        "dense_from: expects a step, or a fraction below 1, but got 1.5",
        "dense_from: expects an int step, or a float fraction from 0 to 1, but got -1.0",
        r"dense_layers: expects \[\] with pipelines, but got \[0\]",
        "context_parallel_degree: expects 1, as a sequence must lie on one device, but got 2",
    ]
    lines = result.stdout.splitlines()
    assert len(lines) == len(expected)
    for line, text in zip(lines, expected, strict=True):
        assert re.match(text, line), line
