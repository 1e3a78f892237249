# SPDX-License-Identifier: Apache-2.0
"""Scorers of the caller's own: what is traced and refused; selection is that of the same function in float64."""

import math

import lighthouse
import numpy as np
import pytest
import reference
import torch
from helpers import SMALL, python, run, same_bits, small_inputs
from lighthouse import _scorer, _torch_gather
from reference import Settings

WEIGHT = torch.ones(16)


def squares_and_largest(q, k):
    return (q * q).sum(), abs(k).max()


def signed(q, k):
    """Most scores are negative."""
    return q.mean() - 1, k.min()


def soft(q, k):
    """A logarithm of a sum of exponentials, without overflow, and a ratio of norms."""
    top = q.max()
    return (q - top).exp().sum().log() + top, k.norm() / (1 + k.abs().sum().sqrt())


def products(q, k):
    return (q * k).sum(), (k**2).sum() - 3.0


def chosen(q, k):
    return q.clamp(min=-0.5, max=1).square().mean(), k.maximum(-k).minimum(k * 0.5 + 1).sum(-1)


def of_torch(q, k):
    return torch.exp(-torch.abs(q)).sum(-1), torch.amax(k, -1) - torch.amin(k, dim=-1)


def queries_only(q, k):
    return q.norm(), 0.0


TEXTS = {
    squares_and_largest: "sum(q * q), max(abs(k))",
    signed: "mean(q) - 1, min(k)",
    soft: "log(sum(exp(q - max(q)))) + max(q), norm(k) / (1 + sqrt(sum(abs(k))))",
    products: "sum(q * k), sum(square(k)) - 3",
    chosen: "mean(square(minimum(maximum(q, -0.5), 1))), sum(minimum(maximum(k, -k), k * 0.5 + 1))",
    of_torch: "sum(exp(-abs(q))), max(k) - min(k)",
    queries_only: "norm(q), 0",
}
EXACT = (squares_and_largest, queries_only, products)  # on multiples of 1/64


def by_name(function) -> str:
    return function.__name__


def expected_indices(q, k, settings: Settings) -> torch.Tensor:
    """What the function selects in float64."""
    return reference.select(*reference.token_scores(q, k, k, settings, 1.0), settings)


def gather_indices(q, k, settings: Settings, scorer) -> torch.Tensor:
    """What the compiled op selects; by the op gather, which compiles fastest."""
    levels = (settings.num_levels, settings.pooling_factor, settings.topk)
    return _torch_gather.gather(q, k, k, *levels, _scorer.trace(scorer), 0.0, settings.dilation, None)[3].long()


def smallest_gap(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collects how far, relatively, the last score that is kept is from the first that is not."""
    gaps, keep = [], reference.keep

    def watched(candidates, sq, sk):
        half = reference.KEPT // 2
        others = sk.gather(3, sq.argsort(dim=3, descending=True, stable=True)[..., half:])
        for scores in (sq, others):
            ordered = scores.sort(dim=3, descending=True).values
            if ordered.shape[3] > half:
                gap = ordered[..., half - 1] - ordered[..., half]
                gaps.append(float((gap / ordered[..., half].abs().clamp(min=1e-30)).min()))
        return keep(candidates, sq, sk)

    monkeypatch.setattr(reference, "keep", watched)
    return gaps


@pytest.mark.parametrize("function", TEXTS, ids=by_name)
def test_traced_text(function) -> None:
    assert _scorer.trace(function) == TEXTS[function]


@pytest.mark.parametrize("function", TEXTS, ids=by_name)
@pytest.mark.parametrize("head_dim", [16, 40])
def test_selects_what_the_function_does_in_float64(function, head_dim, monkeypatch) -> None:
    """The same function on torch tensors. Indices are equal where scores are not near-tied."""
    settings = Settings(num_levels=3, pooling_factor=2, topk=128, scorer=function)
    generator = torch.Generator().manual_seed(head_dim)
    q, k = (torch.randn(1, heads, 701, head_dim, generator=generator) for heads in (4, 2))
    if function in EXACT:
        q, k = ((x * 64).round().div(64) for x in (q, k))
    gaps = smallest_gap(monkeypatch)
    expected = expected_indices(q, k, settings)
    if function not in EXACT:
        assert min(gaps) > 1e-6, "near-tied scores: choose another seed"
    assert torch.equal(gather_indices(q, k, settings, function), expected)


def test_out_and_gradients() -> None:
    q, k, v, dout = small_inputs()
    settings = Settings(num_levels=3, pooling_factor=2, topk=128, scorer=squares_and_largest)
    expected = reference.lighthouse(q, k, v, settings, dout=dout)
    result = run(q, k, v, dout, settings)
    assert torch.equal(result["indices"].long(), expected.indices)
    for name in ("out", "dq", "dk", "dv"):
        torch.testing.assert_close(result[name].double(), getattr(expected, name), rtol=1e-4, atol=1e-4)
    own = run(q, k, v, dout, settings, attention_fn=torch.nn.functional.scaled_dot_product_attention)
    assert torch.equal(own["indices"], result["indices"])
    torch.testing.assert_close(own["dq"], result["dq"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_scores_are_float32_whatever_the_rows_are(dtype) -> None:
    q, k, _, _ = small_inputs(dtype=dtype)
    assert torch.equal(gather_indices(q, k, SMALL, products), expected_indices(q, k, Settings(3, 2, 128, products)))


def test_keys_may_be_scored_by_queries_where_none_share() -> None:
    q, k, _, _ = small_inputs()
    q = q[:, :2].contiguous()

    def both(q, k):
        return (q * k).sum(), (q - k).square().sum()

    assert torch.equal(gather_indices(q, k, SMALL, both), expected_indices(q, k, Settings(3, 2, 128, both)))


def test_norm_is_the_scorer_of_that_name() -> None:
    q, k, v, dout = small_inputs()
    named = run(q, k, v, dout, SMALL)
    assert same_bits(named, run(q, k, v, dout, Settings(3, 2, 128, lambda q, k: (q.norm(), k.norm()))))
    assert _scorer.trace(lambda q, k: (q.norm(), k.norm())) == "norm"


def test_windows_without_a_token_score_0_and_others_are_not_clamped() -> None:
    """All scores are negative, so the windows of padded rows come first, and then the largest below 0."""
    q, k, _, _ = small_inputs(seq_len=509)  # The last of 128 coarsest windows has one token.
    settings = Settings(num_levels=3, pooling_factor=2, topk=128)

    def below(q, k):
        return -(q * q).sum() - 1, -(k * k).sum() - 1

    expected = expected_indices(q, k, Settings(3, 2, 128, below))
    indices = gather_indices(q, k, settings, below)
    assert torch.equal(indices, expected)
    level, window = settings.windows(indices, 509)
    empty = (level == 0) & (window >= 509)
    assert empty.any()


def test_nan_is_the_largest_score() -> None:
    """In a signed selection as in the other: -NaN as well."""
    q, k, _, _ = small_inputs(seq_len=1200)
    for value in (math.nan, -math.nan):
        q[0, 0, 77, 3] = value
        indices = gather_indices(q, k, SMALL, signed)
        level, window = SMALL.windows(indices, 1200)
        for cover in (1, 2, 4):
            assert ((level[0, 0] == cover.bit_length() - 1) & (window[0, 0] == 77 // cover)).any()


def test_infinities_order() -> None:
    """Scores of -infinity are real ones: they come last."""
    q, k, _, _ = small_inputs(seq_len=1200)
    q[:, :, ::3] = 0.0

    def logarithm(q, k):
        return (q * q).sum().log(), k.max() / 0.0

    assert torch.equal(gather_indices(q, k, SMALL, logarithm), expected_indices(q, k, Settings(3, 2, 128, logarithm)))


# Entries -------------------------------------------------------------------------------------------------------------


def test_every_entry_takes_a_function() -> None:
    q, k, v, _ = small_inputs()
    options = {"num_levels": 3, "pooling_factor": 2, "topk": 128}
    expected = lighthouse.attention(q, k, v, **options, scorer=squares_and_largest)
    assert not torch.equal(expected, lighthouse.attention(q, k, v, **options))
    text = TEXTS[squares_and_largest]
    assert torch.equal(expected, lighthouse.attention(q, k, v, **options, scorer=text))
    array = lighthouse.attention(q.numpy(), k.numpy(), v.numpy(), **options, scorer=squares_and_largest)
    assert np.array_equal(array, expected.numpy())
    module = lighthouse.nn.LighthouseAttention(**options, scorer=squares_and_largest)
    assert module.scorer == text
    assert text in repr(module)
    assert torch.equal(expected, module(q, k, v, enable_gqa=True))
    lighthouse.prepare(q, k, v, **options, scorer=squares_and_largest)


def test_traced_once_a_function() -> None:
    q, k, v, _ = small_inputs()
    calls = []

    def counted(q, k):
        calls.append(q)
        return q.norm(), k.max()

    for _ in range(3):
        lighthouse.attention(q, k, v, num_levels=3, pooling_factor=2, topk=128, scorer=counted)
    assert len(calls) == 1


def test_numbers_from_elsewhere() -> None:
    weight, other = 2, np.float32(0.25)
    assert _scorer.trace(lambda q, k: (weight * q.norm(), other * k.norm() - math.pi)) == (
        "2 * norm(q), 0.25 * norm(k) - 3.1415927"
    )


@pytest.mark.parametrize("attention_fn", [None, torch.nn.functional.scaled_dot_product_attention])
def test_compiled_without_a_break_and_once(attention_fn) -> None:
    q, k, v, dout = small_inputs()
    for x in (q, k, v):
        x.requires_grad_()
    options = {"num_levels": 3, "pooling_factor": 2, "topk": 128, "attention_fn": attention_fn}

    def step(q, k, v):
        return lighthouse.attention(q * 1.0, k, v, scorer=squares_and_largest, **options)

    compiled = torch.compile(step, fullgraph=True, backend="aot_eager")
    expected = step(q, k, v)
    grads = torch.autograd.grad(expected, (q, k, v), dout)
    with torch._dynamo.config.patch(error_on_recompile=True):
        torch._dynamo.reset()
        for _ in range(3):
            out = compiled(q, k, v)
            assert torch.equal(out, expected)
            for mine, theirs in zip(torch.autograd.grad(out, (q, k, v), dout), grads, strict=True):
                assert torch.equal(mine, theirs)


def test_one_program_for_one_text() -> None:
    """Another function that does the same compiles nothing, here and, by the disk cache, in another process."""
    code = """
import lighthouse, numpy as np
from lighthouse import _program
def sum_of(x):
    return x.sum()
x = np.ones((1, 1, 512, 8), np.float32)
def attend(scorer):
    lighthouse.attention(x, x, x, num_levels=2, pooling_factor=2, topk=128, scorer=scorer)
attend(lambda q, k: ((q * q).sum(), k.max()))
first = _program.program.cache_info().misses
attend(lambda query, key: (sum_of(query * query), key.amax(-1)))
assert _program.program.cache_info().misses == first == 1
attend(lambda q, k: ((q * q).sum(), k.min()))
assert _program.program.cache_info().misses == 2
"""
    result = python("-c", code)
    assert result.returncode == 0, result.stderr
    code = """
from lighthouse import _lighthouse
spec = _lighthouse.Spec(seq_len=512, head_dim=8, num_levels=2, scorer="(sum(q*q)), max( k )")
print(_lighthouse.get_op(spec).origin, spec.scorer)
"""
    result = python("-c", code)
    assert result.stdout.strip() == "disk sum(q * q), max(k)", result.stderr


def test_dumped_apart(tmp_path) -> None:
    code = """
import lighthouse, numpy as np
x = np.ones((1, 1, 512, 8), np.float32)
for scorer in ("norm", "sum(q), sum(k)", "sum(q), max(k)"):
    lighthouse.attention(x, x, x, num_levels=2, pooling_factor=2, topk=128, scorer=scorer)
"""
    result = python("-c", code, LIGHTHOUSE_DUMP=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert len(list(tmp_path.iterdir())) == 3


# Refusals ------------------------------------------------------------------------------------------------------------

REFUSED = [
    (lambda q, k: (q.norm() if q.max() > 0 else q.sum(), k.norm()), TypeError, "but got a comparison"),
    (lambda q, k: (q.norm() if q.max() else q.sum(), k.norm()), TypeError, "but got a branch on a value"),
    (lambda q, k: (q.norm() if q == k else q.sum(), k.norm()), TypeError, "but got a comparison"),
    (lambda q, k: (max(q.max(), 0), k.norm()), TypeError, "but got a comparison; maximum"),
    (lambda q, k: (q[0], k.norm()), TypeError, r"but got an index, \[0\]"),
    (lambda q, k: (sum(q), k.norm()), TypeError, "but got a loop over a value's elements"),
    (lambda q, k: (q.sum() / len(q), k.norm()), TypeError, "but got the length of a value; mean divides"),
    (lambda q, k: (q @ q, k.norm()), TypeError, "but got a matrix product"),
    (lambda q, k: (q.softmax(-1).max(), k.norm()), TypeError, r"but got x\.softmax"),
    (lambda q, k: (torch.sin(q).max(), k.norm()), TypeError, r"but got torch\.sin"),
    (lambda q, k: (math.exp(q.max()), k.norm()), TypeError, r"but got a function of numbers.*write x\.exp\(\)"),
    (lambda q, k: (q**3, k.norm()), TypeError, r"but got a power of 3 \(int\)"),
    (lambda q, k: (q.sum(0), k.norm()), TypeError, r"but got sum over dimension 0 \(int\)"),
    (lambda q, k: (q.norm().sum(), k.norm()), TypeError, r"but got sum of a number, norm\(q\)"),
    (lambda q, k: ((q * WEIGHT).sum(), k.norm()), TypeError, "but got .*scorers have numbers only beside q and k"),
    (lambda q, k: ((WEIGHT * q).sum(), k.norm()), TypeError, "but got .*scorers have numbers only beside q and k"),
    (lambda q, k: ((WEIGHT.numpy() * q).sum(), k.norm()), TypeError, "but got ndarray; scorers have numbers only"),
    (lambda q, k: (q.sum() * True, k.norm()), TypeError, r"but got True \(bool\); scorers have numbers only"),
    (lambda q, k: (q.sum() * math.inf, k.norm()), ValueError, "numbers that float32 holds, but got inf"),
    (lambda q, k: (q.sum() * 1e39, k.norm()), ValueError, r"numbers that float32 holds, but got 1e\+39"),
    (lambda q, k: (q, k.norm()), ValueError, "the score as a query to be a number, but got a vector .* q; sum"),
    (lambda q, k: (q.norm(), k + 1), ValueError, r"the score as a key to be a number, but got a vector .*\(k \+ 1.0\)"),
    (lambda q, k: q.norm(), TypeError, "scorer: expects two results.*but got"),
    (lambda q, k: None, TypeError, r"scorer: expects two results.*but got None \(NoneType\)"),
    (lambda q, k: (q.norm(), k.norm(), 1), ValueError, "scorer: expects two results.*but got 3"),
    (lambda q, k: (q.norm(), "1"), TypeError, r"but got '1' \(str\)"),
    (lambda q: (q.norm(), q.norm()), TypeError, r"a function of a token's q and k, but got one of \(q\)"),
    (lambda q, k: (sum_of_many(q), k.norm()), ValueError, "scorer: expects expressions of at most 2000 characters"),
]


def sum_of_many(q):
    for _ in range(100):
        q = q * q
    return q.sum()


@pytest.mark.parametrize(("function", "error", "message"), REFUSED)
def test_refusals(function, error, message) -> None:
    q, k, v, _ = small_inputs()
    with pytest.raises(error, match=f"^scorer: .*{message.removeprefix('scorer: ')}"):
        lighthouse.attention(q, k, v, num_levels=3, pooling_factor=2, topk=128, scorer=function)


def test_refused_where_the_compiler_looks() -> None:
    q, k, v, _ = small_inputs()
    step = torch.compile(
        lambda q, k, v: lighthouse.attention(q, k, v, topk=128, pooling_factor=2, scorer=lambda q, k: (q[0], k[0])),
        fullgraph=True,
        backend="aot_eager",
    )
    with pytest.raises(Exception, match="an index"):
        step(q, k, v)


def test_shared_keys_are_not_scored_by_queries() -> None:
    q, k, v, _ = small_inputs()
    with pytest.raises(ValueError, match=r"of k only where query heads share keys \(num_heads=4, num_kv_heads=2\)"):
        lighthouse.attention(q, k, v, topk=128, pooling_factor=2, scorer=lambda q, k: (q.norm(), (q * k).sum()))
