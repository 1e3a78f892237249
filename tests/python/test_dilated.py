# SPDX-License-Identifier: Apache-2.0
"""The scorer "dilated" by every way to the op. What it selects is in test_golden.py and test_properties.py."""

import lighthouse
import numpy as np
import torch
from helpers import small_inputs
from torch.nn.functional import scaled_dot_product_attention

OPTIONS = {"num_levels": 3, "pooling_factor": 2, "topk": 128, "scorer": "dilated", "dilation": 3, "scale": 0.375}


def test_every_way_selects_the_same() -> None:
    q, k, v, dout = (x.requires_grad_() for x in small_inputs())
    lighthouse.prepare(q, k, v, **OPTIONS)
    out, aux = lighthouse.attention(q, k, v, **OPTIONS, return_aux=True)
    operator = torch.ops.lighthouse.attention(q, k, v, 3, 2, 128, "dilated", 0.375, 3, None)
    assert torch.equal(out, operator[0])
    assert torch.equal(aux.indices, operator[1])
    for x, y in zip(*(torch.autograd.grad(each, (q, k, v), dout) for each in (out, operator[0])), strict=True):
        assert torch.equal(x, y)
    arrays, of_arrays = lighthouse.attention(*(x.detach().numpy() for x in (q, k, v)), **OPTIONS, return_aux=True)
    assert np.array_equal(arrays, out.detach().numpy())
    assert np.array_equal(of_arrays.indices, aux.indices.numpy())
    own, of_own = lighthouse.attention(
        q, k, v, **OPTIONS, attention_fn=scaled_dot_product_attention, return_aux=True
    )  # The scale is that of scoring too.
    assert torch.equal(of_own.indices, aux.indices)
    assert torch.allclose(own, out, atol=1e-5)


def test_scale_and_dilation_matter() -> None:
    q, k, v, _ = small_inputs()

    def indices(**options) -> torch.Tensor:
        return lighthouse.attention(q, k, v, **{**OPTIONS, **options}, return_aux=True)[1].indices

    usual = indices()
    assert torch.equal(usual, indices())
    for options in ({"dilation": 4}, {"scale": 0.1}, {"scorer": "norm"}):
        assert not torch.equal(usual, indices(**options)), options


def test_module() -> None:
    q, k, v, _ = small_inputs()
    settings = {name: value for name, value in OPTIONS.items() if name != "scale"}
    module = lighthouse.nn.LighthouseAttention(**settings)
    assert "scorer='dilated', dilation=3" in repr(module)
    out = module(q, k, v, scale=0.375, enable_gqa=True)
    assert torch.equal(out, lighthouse.attention(q, k, v, **OPTIONS))


def test_one_level_has_no_scores() -> None:
    q, k, v, _ = small_inputs()
    plain = lighthouse.attention(q, k, v, num_levels=1)
    assert torch.equal(plain, lighthouse.attention(q, k, v, num_levels=1, scorer="dilated", dilation=10**6))
