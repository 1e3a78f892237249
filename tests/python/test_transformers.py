# SPDX-License-Identifier: Apache-2.0
"""attn_implementation="lighthouse" in models of Hugging Face transformers, made from their own configurations."""

import copy
import itertools
import sys
from pathlib import Path
from typing import Any

import lighthouse
import lighthouse.nn
import pytest
import torch
from helpers import python

if sys.version_info < (3, 11):
    pytest.skip("transformers needs Python 3.11", allow_module_level=True)

import transformers
from lighthouse.integrations.transformers import LighthouseCallback, register, set_dense
from torch import Tensor
from torch._dynamo.utils import counters
from transformers import PreTrainedModel

N, LAYERS = 301, 3
SIZES = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
}
SETTINGS = {"num_levels": 2, "pooling_factor": 2, "topk": 128}
PLAIN = {"num_levels": 1}  # is causal attention, so results are those of sdpa but for rounding
TO_DENSE = r"use model\.set_attn_implementation\('sdpa'\)"


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def make_model(attention: str = "lighthouse", kind: str = "Llama", **options: Any) -> PreTrainedModel:
    config = getattr(transformers, f"{kind}Config")(**{**SIZES, **options}, attn_implementation=attention)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config)
    assert model.config._attn_implementation == attention
    return model


def tokens(batch: int = 1, seq_len: int = N) -> Tensor:
    """Repeats that a small model learns in a few steps."""
    return (torch.arange(batch * seq_len).view(batch, seq_len) * 5) % 11


def step(model: Any, optimizer: torch.optim.Optimizer, **options: Any) -> float:
    loss = model(input_ids=tokens(2), labels=tokens(2), **options).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def logits_and_gradients(model: PreTrainedModel, **options: Any) -> dict[str, Tensor]:
    result = model(input_ids=tokens(2), labels=tokens(2), **options)
    model.zero_grad()
    result.loss.backward()
    return {"logits": result.logits.detach(), **{name: p.grad.clone() for name, p in model.named_parameters()}}


class Calls:
    """What lighthouse.attention is called with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shapes = []

        def watched(query, key, value, **settings):
            self.shapes.append((list(query.shape), list(key.shape), list(value.shape)))
            return lighthouse.attention(query, key, value, **settings)

        monkeypatch.setattr(lighthouse.nn, "attention", watched)


# Results -------------------------------------------------------------------------------------------------------------


def test_all_layers_dense_equals_sdpa() -> None:
    register(**SETTINGS, dense_layers=range(LAYERS))
    ours, expected = logits_and_gradients(make_model()), logits_and_gradients(make_model("sdpa"))
    assert all(torch.equal(x, ours[name]) for name, x in expected.items())


@pytest.mark.parametrize("kind", ["Llama", "Qwen3", "Mistral", "Gemma3Text"])
def test_one_level_equals_sdpa(kind: str) -> None:
    """Scale, grouped heads, layouts; in Gemma 3 two layers with windows beside, of which one token sees 100."""
    options = {"sliding_window": None} if kind == "Mistral" else {}
    dense_layers = ()
    if kind == "Gemma3Text":
        dense_layers = (0, 1)
        options = {"layer_types": [*["sliding_attention"] * 2, "full_attention"], "sliding_window": 100}
    register(**PLAIN, dense_layers=dense_layers)
    ours = logits_and_gradients(make_model(kind=kind, **options))
    torch.testing.assert_close(ours, logits_and_gradients(make_model("sdpa", kind, **options)), rtol=1e-3, atol=1e-5)


def test_layers_are_chosen_and_heads_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    results = {}
    for dense_layers in ((), (0,), (0, -1), (-1, 0, 1)):
        register(**SETTINGS, dense_layers=dense_layers)
        calls.shapes.clear()
        results[dense_layers] = make_model()(input_ids=tokens()).logits
        assert calls.shapes == [([1, 4, N, 8], [1, 2, N, 8], [1, 2, N, 8])] * (LAYERS - len(dense_layers))
    first, *others = results.values()
    assert not any(torch.equal(first, other) for other in others)


def test_names_have_their_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    register("lighthouse", **SETTINGS)
    register("lighthouse-but-first", **SETTINGS, dense_layers=(0,))
    calls = Calls(monkeypatch)
    for name, count in (("lighthouse", 3), ("lighthouse-but-first", 2)):
        calls.shapes.clear()
        make_model(name)(input_ids=tokens())
        assert len(calls.shapes) == count


def test_a_mask_of_ones_is_no_mask() -> None:
    register(**SETTINGS)
    model = make_model()
    expected = model(input_ids=tokens()).logits
    assert torch.equal(model(input_ids=tokens(), attention_mask=torch.ones_like(tokens())).logits, expected)
    assert torch.equal(model(input_ids=tokens(), position_ids=torch.arange(N)[None]).logits, expected)
    assert torch.equal(model(input_ids=tokens(), use_cache=False).logits, expected)


# Training ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["eager mode", "aot_eager", "inductor"])
def test_trains(backend: str) -> None:
    register(**SETTINGS, dense_layers=(0,))
    model = make_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    compiled = model
    if backend != "eager mode":
        torch.compiler.reset()
        counters.clear()
        compiled = torch.compile(model, fullgraph=True, backend=backend)
    losses = [step(compiled, optimizer, use_cache=False)]
    with torch.compiler.set_stance("fail_on_recompile"):
        losses += [step(compiled, optimizer, use_cache=False) for _ in range(7)]
    assert losses[-1] < 0.7 * losses[0], losses
    if backend != "eager mode":
        assert counters["stats"]["unique_graphs"] == 1
        assert not counters["graph_break"]


def test_compiled_equals_eager() -> None:
    register(**SETTINGS)
    model = make_model()
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    expected = logits_and_gradients(model, use_cache=False)
    ones = torch.ones_like(tokens(2))
    for options in ({}, {"attention_mask": ones}, {"position_ids": torch.arange(N)[None]}):
        result = compiled(input_ids=tokens(2), labels=tokens(2), use_cache=False, **options)
        torch.testing.assert_close(result.logits, expected["logits"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reentrant", [False, True])
def test_gradient_checkpointing(reentrant: bool) -> None:
    register(**SETTINGS)
    model = make_model()
    expected = logits_and_gradients(model)
    model.gradient_checkpointing_enable({"use_reentrant": reentrant})
    result = logits_and_gradients(model.train())
    assert all(torch.equal(x, result[name]) for name, x in expected.items())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_autocast(dtype: torch.dtype) -> None:
    register(**PLAIN)
    model, dense = make_model(), make_model("sdpa")
    with torch.autocast("cpu", dtype=dtype):
        ours, expected = (each(input_ids=tokens()).logits for each in (model, dense))
    assert ours.dtype == expected.dtype == dtype
    torch.testing.assert_close(ours, expected, rtol=0.05, atol=0.05)


# Switching -----------------------------------------------------------------------------------------------------------


def test_switching_to_dense_and_back() -> None:
    register(**SETTINGS)
    model, dense = make_model().eval(), make_model("sdpa").eval()
    sparse = model(input_ids=tokens()).logits
    model.set_attn_implementation("sdpa")
    assert torch.equal(model(input_ids=tokens()).logits, dense(input_ids=tokens()).logits)
    generated = model.generate(tokens()[:, :9], max_new_tokens=3, do_sample=False, pad_token_id=0)
    assert generated.shape == (1, 12)
    model.set_attn_implementation("lighthouse")
    assert torch.equal(model(input_ids=tokens()).logits, sparse)


def test_the_dense_stage_equals_sdpa() -> None:
    register(**SETTINGS)
    ours, expected = logits_and_gradients(make_model("lighthouse-dense")), logits_and_gradients(make_model("sdpa"))
    assert all(torch.equal(x, ours[name]) for name, x in expected.items())


@pytest.mark.parametrize("attention", ["lighthouse", "lighthouse-dense"])
def test_compiled_code_makes_no_square_mask(attention: str) -> None:
    """As it does for sdpa, which 100,000 tokens have no memory for."""
    register(**SETTINGS, dense_layers=(0,))
    squares = []

    def look(graph: torch.fx.GraphModule, _) -> torch.fx.GraphModule:
        values = [node.meta.get("example_value") for node in graph.graph.nodes]
        squares.append(sum(isinstance(x, Tensor) and x.shape[-2:] == (N, N) for x in values))
        return graph

    torch.compiler.reset()
    torch.compile(make_model(attention), fullgraph=True, backend=look)(input_ids=tokens(), use_cache=False)
    torch.compiler.reset()
    torch.compile(make_model("sdpa"), fullgraph=True, backend=look)(input_ids=tokens(), use_cache=False)
    assert squares[0] == 0 < squares[1]


def test_set_dense() -> None:
    register("lighthouse-2", **SETTINGS)
    model = make_model("lighthouse-2")
    for wrapped in (model, torch.compile(model), torch.nn.ModuleDict({"inner": model})):
        set_dense(wrapped, True, name="lighthouse-2")
        assert model.config._attn_implementation == "lighthouse-2-dense"
        set_dense(wrapped, False, name="lighthouse-2")
        assert model.config._attn_implementation == "lighthouse-2"
    with pytest.raises(TypeError, match=r"model: expects a model of transformers, but got Linear"):
        set_dense(torch.nn.Linear(1, 1), True)


def test_two_stages_in_a_loop() -> None:
    register(**SETTINGS)
    model = make_model()
    schedule = lighthouse.TwoStage(model, dense_from=0.5, total_steps=4, set_dense=set_dense)
    seen = []
    for _ in range(4):
        seen.append(model.config._attn_implementation)
        schedule.step()
    assert seen == ["lighthouse"] * 2 + ["lighthouse-dense"] * 2


class Watch(transformers.TrainerCallback):
    """The attention of every step."""

    def __init__(self) -> None:
        self.seen = []

    def on_step_end(self, args, state, control, model=None, **_) -> None:
        self.seen.append((state.global_step, model.config._attn_implementation))


def trainer(folder: Path, callback: LighthouseCallback, watch: Watch, **options: Any) -> transformers.Trainer:
    arguments = transformers.TrainingArguments(
        output_dir=str(folder), per_device_train_batch_size=1, save_strategy="steps", report_to=[],
        use_cpu=True, disable_tqdm=True, **{"max_steps": 4, "save_steps": 2, **options},
    )  # fmt: skip
    data = [{"input_ids": row, "labels": row, "attention_mask": torch.ones_like(row)} for row in tokens(8)]
    return transformers.Trainer(make_model(), arguments, train_dataset=data, callbacks=[callback, watch])


def test_trainer_switches_and_resumes(tmp_path: Path) -> None:
    register(**SETTINGS)
    watch = Watch()
    trainer(tmp_path, LighthouseCallback(0.75), watch).train()
    assert watch.seen == [(1, "lighthouse"), (2, "lighthouse"), (3, "lighthouse"), (4, "lighthouse-dense")]
    for checkpoint, seen in ((2, [(3, "lighthouse"), (4, "lighthouse-dense")]), (4, [(5, "lighthouse-dense")])):
        watch = Watch()
        resumed = trainer(tmp_path, LighthouseCallback(3), watch, max_steps=4 if checkpoint == 2 else 5)
        resumed.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{checkpoint}"))
        assert watch.seen == seen


def test_trainer_counts_steps_of_the_optimizer(tmp_path: Path) -> None:
    register(**SETTINGS)
    watch = Watch()
    trainer(tmp_path, LighthouseCallback(2), watch, gradient_accumulation_steps=2, max_steps=3).train()
    assert watch.seen == [(1, "lighthouse"), (2, "lighthouse"), (3, "lighthouse-dense")]


def test_trainer_compiles(tmp_path: Path) -> None:
    """Its collator gives masks of ones, which compiled code looks at."""
    register(**SETTINGS)
    torch.compiler.reset()
    watch = Watch()
    options = {"torch_compile": True, "torch_compile_backend": "aot_eager", "save_steps": 10}
    trainer(tmp_path, LighthouseCallback(2), watch, **options).train()
    assert [name for _, name in watch.seen] == ["lighthouse"] * 2 + ["lighthouse-dense"] * 2


def test_callback_refuses() -> None:
    with pytest.raises(ValueError, match=r"dense_from: .* but got 2\.0"):
        LighthouseCallback(2.0)


# Refusals ------------------------------------------------------------------------------------------------------------


def padding(side: str) -> Tensor:
    mask = torch.ones(2, N, dtype=torch.long)
    mask[1, slice(0, 3) if side == "left" else slice(-3, None)] = 0
    return mask


def packed() -> Tensor:
    return torch.cat([torch.arange(N - 100), torch.arange(100)])[None]


CAUSAL_4D = torch.ones(N, N, dtype=torch.bool).tril()[None, None]
CU_SEQ_LENS = torch.tensor([0, 100, N], dtype=torch.int32)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"attention_mask": padding("left")}, f"attention_mask: expects None or ones, but got padding.*{TO_DENSE}"),
        ({"attention_mask": padding("right")}, f"attention_mask: expects None or ones, but got padding.*{TO_DENSE}"),
        ({"attention_mask": CAUSAL_4D}, r"attention_mask: expects None, but got a mask \[1, 1, 301, 301\] in layer 0"),
        (
            {"position_ids": packed(), "use_cache": False},
            "position_ids: expects one document.*but got packed documents",
        ),
        ({"cu_seq_lens_q": CU_SEQ_LENS}, "cu_seq_lens_k: expects the documents of cu_seq_lens_q, but got one of both"),
        (
            {"cu_seq_lens_q": CU_SEQ_LENS, "cu_seq_lens_k": CU_SEQ_LENS},
            r"query: expects \[1, heads, tokens of all documents, head_dim\] with cu_seqlens, but got shape \[2, ",
        ),
        ({"seq_idx": torch.zeros(2, N, dtype=torch.int32)}, "seq_idx: expects None, give cu_seq_lens_q"),
        ({"output_attentions": True}, "output_attentions"),
        ({"is_causal": False}, "attention_mask: expects causal attention, but the model asks for another mask"),
        (
            {"is_causal": False, "attention_mask": CAUSAL_4D},
            r"is_causal: expects True, but layer 0 \(LlamaAttention\) is not causal",
        ),
        ({"softcap": 30.0}, "softcap: expects None, Lighthouse Attention cannot honour it"),
        ({"s_aux": torch.zeros(4)}, "s_aux: expects None, Lighthouse Attention cannot honour it"),
    ],
    ids=lambda x: next(iter(x)) if isinstance(x, dict) else "",
)
def test_what_it_cannot_honour_is_refused(options: dict, text: str) -> None:
    register(**SETTINGS)
    with pytest.raises(ValueError, match=text):
        make_model()(input_ids=tokens(2), **options)


def documents(lengths: tuple[int, ...] = (270, N - 270)) -> dict[str, Tensor]:
    cu_seqlens = torch.tensor([0, *itertools.accumulate(lengths)], dtype=torch.int32)
    longest = max(lengths)
    return {
        "position_ids": torch.cat([torch.arange(length) for length in lengths])[None],
        "cu_seq_lens_q": cu_seqlens,
        "cu_seq_lens_k": cu_seqlens,
        "max_length_q": longest,
        "max_length_k": longest,
    }


@pytest.mark.parametrize("name", ["lighthouse", "lighthouse-dense"])
def test_packed_documents_equal_one_by_one(name: str) -> None:
    """In layers of both kinds; the second document is too short for the pyramid and gets dense attention."""
    register(**SETTINGS, dense_layers=(0,), short="dense")
    model = make_model()
    model.set_attn_implementation(name)
    text = tokens(1)
    logits = model(input_ids=text, use_cache=False, **documents()).logits
    alone = [model(input_ids=part, use_cache=False).logits for part in (text[:, :270], text[:, 270:])]
    torch.testing.assert_close(logits, torch.cat(alone, dim=1))
    logits.sum().backward()


def test_other_documents_than_those_of_positions_are_refused() -> None:
    register(**SETTINGS)
    wrong = {**documents((200, N - 200)), "position_ids": documents()["position_ids"]}
    with pytest.raises(
        ValueError, match="cu_seq_lens_q: expects the documents that position_ids tell of, but got others"
    ):
        make_model()(input_ids=tokens(1), use_cache=False, **wrong)
    for outside in (N + 100, -100):
        beyond = torch.tensor([0, 270, outside, N], dtype=torch.int32)
        with pytest.raises(ValueError, match="cu_seqlens: expects entries that do not decrease"):
            make_model()(**{**documents(), "cu_seq_lens_q": beyond, "cu_seq_lens_k": beyond}, input_ids=tokens(1))
    positions = documents()["position_ids"].expand(2, -1)
    with pytest.raises(ValueError, match=r"position_ids: expects one document.*but got packed documents"):
        make_model()(input_ids=tokens(2), use_cache=False, position_ids=positions)


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_compiled_code_refuses_too(backend: str) -> None:
    """It cannot know when it is compiled, so it looks each time."""
    register(**SETTINGS)
    model = make_model(num_hidden_layers=1)
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    ones = torch.ones(2, N, dtype=torch.long)
    with torch.no_grad():
        compiled(input_ids=tokens(2), attention_mask=ones, use_cache=False)
        with torch.compiler.set_stance("fail_on_recompile"):
            for side in ("left", "right"):
                with pytest.raises(ValueError, match="attention_mask: expects None or ones, but got padding"):
                    compiled(input_ids=tokens(2), attention_mask=padding(side), use_cache=False)
        positions = torch.arange(N)[None]
        compiled(input_ids=tokens(2), position_ids=positions, use_cache=False)
        with torch.compiler.set_stance("fail_on_recompile"):
            with pytest.raises(ValueError, match="position_ids: expects one document from 0 on"):
                compiled(input_ids=tokens(2), position_ids=packed(), use_cache=False)
            compiled(input_ids=tokens(2), position_ids=positions, use_cache=False)


def test_opcheck_of_the_look() -> None:
    torch.library.opcheck(torch.ops.lighthouse_transformers.require, (torch.tensor(True), "text"))
    with pytest.raises(ValueError, match="text"):
        torch.ops.lighthouse_transformers.require(torch.tensor(False), "text")


@pytest.mark.parametrize("attention", ["lighthouse", "lighthouse-dense"])
def test_generation_is_refused(attention: str) -> None:
    register(**SETTINGS)
    model = make_model(attention).eval()
    options = {"min_new_tokens": 2, "max_new_tokens": 2, "pad_token_id": 0, "attention_mask": torch.ones_like(tokens())}
    with pytest.raises(ValueError, match=f"cache: expects as many queries as keys, but got 1 and 302; .*{TO_DENSE}"):
        model.generate(tokens(), **options)
    with pytest.raises(ValueError, match=r"cache: expects as many queries as keys"):
        model.generate(tokens(), **options, cache_implementation="static")


def test_short_sequences_are_refused() -> None:
    register(**SETTINGS)
    with pytest.raises(ValueError, match=r"seq_len: expects .*at least"):
        make_model()(input_ids=tokens(seq_len=100))


def test_short_sequences_may_be_dense() -> None:
    register(**SETTINGS, short="dense")
    expected = make_model("sdpa")(input_ids=tokens(seq_len=100)).logits
    torch.testing.assert_close(make_model()(input_ids=tokens(seq_len=100)).logits, expected)


def test_dropout_is_refused_in_training_only() -> None:
    register(**SETTINGS)
    model = make_model(attention_dropout=0.1)
    with pytest.raises(
        ValueError, match=r"dropout: expects 0\.0, but got 0\.1 in layer 0; set config\.attention_dropout"
    ):
        model.train()(input_ids=tokens())
    assert model.eval()(input_ids=tokens()).logits.isfinite().all()


def test_windows_are_refused_unless_the_layer_is_dense() -> None:
    register(**SETTINGS)
    with pytest.raises(ValueError, match="sliding_window: expects None or at least 301 tokens, but got 100 in layer 0"):
        make_model(kind="Mistral", sliding_window=100)(input_ids=tokens())
    wide = make_model(kind="Mistral", sliding_window=N + 1)(input_ids=tokens()).logits
    assert torch.equal(wide, make_model(kind="Mistral", sliding_window=None)(input_ids=tokens()).logits)


def test_soft_caps_of_gemma_are_refused() -> None:
    register(**SETTINGS)
    with pytest.raises(ValueError, match="softcap: expects None"):
        make_model(kind="Gemma2", sliding_window=N + 1, layer_types=["full_attention"] * LAYERS)(input_ids=tokens())


def test_layers_that_the_model_has_not_are_refused() -> None:
    register(**SETTINGS, dense_layers=(LAYERS,))
    with pytest.raises(ValueError, match="dense_layers: expects layers from -3 to 2, the model has 3, but got 3"):
        make_model()(input_ids=tokens())


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"topk": None}, ValueError, "topk: expects a multiple of 128"),
        ({"topk": 100}, ValueError, "topk: expects a positive multiple of 128, but got 100"),
        ({"short": "pad"}, ValueError, "short: expects 'refuse' or 'dense', but got 'pad'"),
        ({"dense_layers": "0"}, TypeError, "dense_layers: expects numbers of layers"),
        ({"dense_layers": (0.5,)}, TypeError, r"dense_layers: expects an int, but got 0\.5"),
        ({"name": "sdpa"}, ValueError, "name: expects a name of its own, such as 'lighthouse', but got 'sdpa'"),
        ({"name": "lighthouse-dense"}, ValueError, "name: expects a name of its own.*but got 'lighthouse-dense'"),
        ({"name": "me/lighthouse"}, ValueError, "name: expects a name of its own.*but got 'me/lighthouse'"),
    ],
    ids=str,
)
def test_register_refuses(options: dict, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        register(**{**SETTINGS, **options})


def test_lighthouse_itself_imports_neither_library() -> None:
    code = "import sys, lighthouse.nn, lighthouse.schedule; assert not {'transformers', 'lightning'} & set(sys.modules)"
    result = python("-c", code)
    assert result.returncode == 0, result.stderr


def test_the_attention_is_kept_by_copies() -> None:
    register(**SETTINGS)
    model = make_model()
    assert torch.equal(copy.deepcopy(model)(input_ids=tokens()).logits, model(input_ids=tokens()).logits)
