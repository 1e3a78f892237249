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


def test_documents_apart(tmp_path: Path) -> None:
    """Rows of two documents, in both stages."""
    result = seen(train(tmp_path, 3, "packed=2", "num_levels=2", "dense_from=2"))
    assert [(step, layers[0]) for step, layers, _ in result["seen"]] == [(1, False), (2, False), (3, True)]
    losses = [loss for *_, loss in result["seen"]]
    assert losses[2] < losses[1] < losses[0]


DOCUMENTS = """
import sys
sys.argv, sys.path = ["x"], [{tests!r}, *sys.path]
import torchtitan_training as t
import torch
from lighthouse import attention
from torch.nn.functional import scaled_dot_product_attention
from torchtitan.models.common.attention import create_varlen_metadata_for_document

module = t.integration.LighthouseInnerAttention.Config(topk=128, num_levels=2, pooling_factor=2).build()
heads = torch.randn(2, 512, 4, 8), torch.randn(2, 512, 2, 8), torch.randn(2, 512, 2, 8)
q, k, v = (x.requires_grad_() for x in heads)
dout = torch.randn_like(q)
settings = dict(num_levels=2, pooling_factor=2, topk=128)
lengths = [[512], [300, 200, 12]]  # of the documents of each row


def gradients(out):
    return [out.detach(), *torch.autograd.grad(out, (q, k, v), dout)]


def alone(row, begin, end, dense):
    x = [x[row : row + 1, begin:end].transpose(1, 2) for x in (q, k, v)]
    plain = dense or end - begin < 255
    return attention(*x, num_levels=1) if plain else attention(*x, **settings)


def one_by_one(lengths, dense):
    rows = []
    for row, each in enumerate(lengths):
        begins = [sum(each[:i]) for i in range(len(each))]
        parts = [alone(row, begin, begin + length, dense) for begin, length in zip(begins, each)]
        rows.append(torch.cat(parts, dim=2).transpose(1, 2))
    return torch.cat(rows)


def metadata(lengths):
    positions = torch.stack([torch.cat([torch.arange(length) for length in each]) for each in lengths])
    return create_varlen_metadata_for_document(positions)


for module.dense in (False, True):
    got = gradients(module(q, k, v, attention_masks=metadata(lengths), enable_gqa=True))
    assert all(map(torch.equal, got, gradients(one_by_one(lengths, module.dense))))
# Rows of one document each are one batch.
module.dense = False
whole = [x.transpose(1, 2) for x in (q, k, v)]
got = module(q, k, v, attention_masks=metadata([[512], [512]]), enable_gqa=True)
assert torch.equal(got, attention(*whole, **settings).transpose(1, 2))
assert torch.equal(got, module(q, k, v, enable_gqa=True))
module.documents = "cross"
assert torch.equal(got, module(q, k, v, attention_masks=metadata(lengths), enable_gqa=True))
# Compiled once for any documents.
module.documents = "separate"
compiled = torch.compile(module, fullgraph=True, dynamic=True)
for each in (lengths, [[256, 256], [511, 1]], [[100, 412], [20, 30, 462]]):
    given = {{"attention_masks": metadata(each), "enable_gqa": True}}
    with torch.compiler.set_stance("fail_on_recompile" if each is not lengths else "default"):
        assert torch.equal(compiled(q, k, v, **given), module(q, k, v, **given))
"""


def test_documents_equal_one_by_one() -> None:
    """By torchtitan's own metadata: to the last bit, forward and backward, in both stages."""
    result = python("-c", DOCUMENTS.format(tests=str(TRAINING.parent)), timeout=300)
    assert result.returncode == 0, result.stderr


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
from torchtitan.models.common.attention import ScaledDotProductAttention, VarlenAttention, VarlenMetadata
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


def with_graphs():
    config = t.configuration(t.Path("x"), 4, {{}})
    config.training.disable_cuda_graphs = False
    i.LighthouseTrainer(config)


def parallel(**degrees):
    config = t.configuration(t.Path("x"), 4, {{"dense_layers": [0]}})
    for name, degree in degrees.items():
        setattr(config.parallelism, name, degree)
    i.LighthouseTrainer(config)


for call in (
    lambda: attend(attention_masks=torch.ones(1)),
    lambda: attend(attention_masks=VarlenMetadata(*torch.tensor([[0, 9, 512], [0, 8, 512]]), 503, 504)),
    lambda: attend(is_causal=False),
    lambda: attend(score_mod=len),
    lambda: Config(topk=128, documents="drop").build(),
    lambda: Config(topk=128, window_size=(64, 0)).build(),
    lambda: i.use_lighthouse(model_registry("debugmodel").model, topk=100),
    lambda: i.use_lighthouse(model_registry("debugmodel"), topk=128),
    with_sdpa,
    lambda: trainer(dense_from=1.5),
    lambda: trainer(dense_from=-1.0),
    with_graphs,
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
        "attention_masks: expects None or where documents begin, but got a Tensor; documents='cross' lets attention",
        "attention_masks: expects the same documents for queries and keys, but got 2, the longest of 503, and 2, the l",
        "is_causal: expects True, but got False",
        "score_mod: expects None, as Lighthouse Attention has no such argument, but got a value",
        "documents: expects 'separate' or 'cross', but got 'drop'",
        r"window_size: expects \(-1, 0\), attention to all before, but got \(64, 0\)",
        "topk: expects a positive multiple of 128, but got 100",
        "model_config: expects a Decoder.Config, but got ModelSpec",
        "inner_attention: expects the configuration of FlexAttention or VarlenAttention, but got ScaledDotProductAtt",
        "dense_from: expects a step, or a fraction below 1, but got 1.5",
        "dense_from: expects an int step, or a float fraction from 0 to 1, but got -1.0",
        "training.disable_cuda_graphs: expects True, as a graph replays the attention and the documents that ",
        r"dense_layers: expects \[\] with pipelines, but got \[0\]",
        "context_parallel_degree: expects 1, as a sequence must lie on one device, but got 2",
    ]
    lines = result.stdout.splitlines()
    assert len(lines) == len(expected)
    for line, text in zip(lines, expected, strict=True):
        assert re.match(text, line), line
