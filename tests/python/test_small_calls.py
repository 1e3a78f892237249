# SPDX-License-Identifier: Apache-2.0
"""The calls that compute-sanitizer runs on GPU machines, without one: which there are."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "gpu"))

import small_calls


def test_which_calls() -> None:
    every = [name for name, _ in small_calls.calls(plain=False)]
    plain = [name for name, _ in small_calls.calls(plain=True)]
    assert len(set(every)) == len(every) == 30
    assert len(set(plain)) == len(plain) == 18
    assert all(" 256 " in name for name in plain if "float16" in name)
    for kind in ("scorer dilated", "scorer of a user", "scorer gla 40", "scorer gla 128"):
        assert kind in every
        assert kind in plain
