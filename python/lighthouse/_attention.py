# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.attention``: the one function for torch tensors and numpy arrays."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lighthouse import _arguments, _numpy


class Aux(NamedTuple):
    """What ``return_aux=True`` adds. No gradient flows through either.

    ``indices`` [B, Hq, S] int32: the entries in the order of the sub-sequence. Window w of level l has the number
    N' + N'/p + ... + N'/p^(l-1) + w, where N' is the padded length.
    ``lse`` [B, Hq, S] float32: natural logarithm of the softmax's denominator for every row of the sub-sequence;
    None with ``attention_fn``, which does not tell.
    """

    indices: Any
    lse: Any


def attention(
    q: Any,
    k: Any,
    v: Any,
    num_levels: int = 3,
    pooling_factor: int = 4,
    topk: int | None = None,
    scorer: str | Callable[[Any, Any], tuple[Any, Any]] = "norm",
    scale: float | None = None,
    attention_fn: Callable[..., Any] | None = None,
    return_aux: bool = False,
    dilation: int = 4,
    g: Any = None,
) -> Any:
    """Causal Lighthouse Attention, on the CPU or an NVIDIA GPU: where q, k and v are.

    Args:
        q: [B, Hq, N, D], a torch tensor or a numpy array, float32, bfloat16 or float16. Any strides are read in place
            where D is contiguous; otherwise a contiguous copy is made. D is a multiple of 8, at most 256.
        k, v: [B, Hkv, N, D], of the kind and dtype of q. Hkv divides Hq: query head h reads key head h // (Hq / Hkv).
        num_levels: levels of the pyramid, 1 to 8. With 1 the result is plain causal attention, and pooling_factor and
            topk are not used.
        pooling_factor: tokens a window of level l+1 has for one of level l: a power of two, 2 to 64.
        topk: entries kept at each level but the finest, a multiple of 128. Must be given when num_levels is not 1.
            N must give each of the topk/128 tiles at least 128 windows of the coarsest level.
        scorer: how a token is scored. "norm": the L2 norms of its query and of its key. "dilated": those of the outputs
            of causal attention of (q, k, v) and of (k, q, v) over the tokens of its residue class modulo ``dilation``.
            "gla": the same of simple gated linear attention, with log gates ``g``. Or a function of the token's q and
            k, vectors of D numbers, that returns its scores as a query and as a key:
            ``lambda q, k: ((q * q).sum(), k.abs().max())``. There are + - * / with numbers, ``x ** 2``, abs, exp, log,
            sqrt, square, maximum, minimum and clamp, and over the elements sum, mean, max, min, amax, amin and norm.
            It is called once, with values that write down what is done, and compiled in float32; what it takes from
            elsewhere are numbers, which stay those of that call. With Hkv below Hq the score as a key is of k only.
            Its text, as ``LighthouseAttention.scorer`` shows it, does as well.
        scale: softmax scale, of scoring too; None means 1/sqrt(D).
        attention_fn: the caller's own dense attention over the sub-sequence, torch only. Called as
            ``attention_fn(qs, ks, vs, is_causal=True, scale=scale)`` with tensors [B, Hq, S, D] (ks and vs one per
            query head) and the scale as a float, so ``torch.nn.functional.scaled_dot_product_attention`` fits. It must
            be causal and return [B, Hq, S, D] in the same dtype. Gradients flow through it. With num_levels=1 its
            result is returned as it is.
        return_aux: also return ``Aux(indices, lse)``.
        dilation: residue classes of the scorers "dilated" and "gla", from 1 to N. Not used by others.
        g: log gates [B, Hq, N] float32 of the scorer "gla", on the device of q; refused with any other. In each residue
            class the state is ``S_t = exp(g_t) S_before + k_t v_t^T`` and the output ``scale * q_t S_t``. Usually 0 or
            less; below -104 nothing is remembered; above 0 is right as long as nothing overflows. It has no gradient.

    Returns:
        out [B, Hq, N, D], in the dtype and memory layout (order of strides) of q; or ``(out, aux)``. With torch
        tensors gradients reach q, k and v; the selection carries none. With numpy there is no gradient.
        On the CPU torch runs ``torch.get_num_threads()`` threads, numpy ``LIGHTHOUSE_NUM_THREADS`` or one for each
        core; the result has the same bits for any number. On a GPU everything is put on torch's current stream of
        that device, and nothing waits. Under ``torch.autocast`` inputs are converted to its dtype as for
        ``scaled_dot_product_attention``.

    Raises:
        TypeError: q, k, v are no tensors or arrays, or of another dtype; a setting has the wrong type.
        ValueError: a value, a shape, a device or a combination that does not fit. The text says what would.
        RuntimeError: compiling failed, there is no driver for the GPU, or it refused.
        All are raised before anything runs, but for a wrong result of ``attention_fn``.
    """
    if return_aux is not True and return_aux is not False:
        _arguments.flag("return_aux", return_aux)
    if isinstance(q, np.ndarray):
        settings = _arguments.settings(num_levels, pooling_factor, topk, scorer, scale, dilation)
        _refuse_own_attention(attention_fn)
        out, indices, lse = _numpy.attention(q, k, v, settings, g)
    else:
        given = (num_levels, pooling_factor, topk, scorer, scale, dilation)
        out, indices, lse = _import_torch(q).attention(q, k, v, given, attention_fn, return_aux, g)
    return (out, Aux(indices, lse)) if return_aux else out


def prepare(
    q: Any,
    k: Any,
    v: Any,
    num_levels: int = 3,
    pooling_factor: int = 4,
    topk: int | None = None,
    scorer: str | Callable[[Any, Any], tuple[Any, Any]] = "norm",
    scale: float | None = None,
    attention_fn: Callable[..., Any] | None = None,
    dilation: int = 4,
    g: Any = None,
) -> None:
    """Compiles and loads what ``attention`` with these arguments needs, forward and backward, and runs nothing.

    Without it the first call does that. A CUDA graph can be captured only of calls that were prepared or made before.
    Only sizes, dtypes, strides and devices of q, k, v and g are looked at; ``attention_fn`` is not called. Under
    ``torch.autocast`` it prepares for the converted inputs. Raises as ``attention`` does.
    """
    given = (num_levels, pooling_factor, topk, scorer, scale, dilation)
    if isinstance(q, np.ndarray):
        settings = _arguments.settings(*given)
        _refuse_own_attention(attention_fn)
        _numpy.prepare(q, k, v, settings, g)
    else:
        _import_torch(q).prepare(q, k, v, given, attention_fn, g)


def _refuse_own_attention(attention_fn: Any) -> None:
    if attention_fn is not None:
        _arguments.function("attention_fn", attention_fn)
        raise TypeError("attention_fn: expects q, k, v to be torch tensors, but got numpy arrays; use torch.from_numpy")


def _import_torch(q: Any) -> Any:
    """The code for torch tensors. Where there is no torch, q cannot be one."""
    try:
        from lighthouse import _torch
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise TypeError(f"q: expects a torch tensor or a numpy array, but got {type(q).__name__}") from None
    return _torch
