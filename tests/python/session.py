# SPDX-License-Identifier: Apache-2.0
"""Set-up that the tests of the CPU and of GPUs share: a cache folder of their own, and hypothesis' profile."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

# Fixed examples, a few a test, unless LIGHTHOUSE_TEST_EXAMPLES asks for a number of random ones.
EXAMPLES = os.environ.get("LIGHTHOUSE_TEST_EXAMPLES")
settings.register_profile(
    "lighthouse",
    max_examples=int(EXAMPLES or 3),
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
settings.load_profile("lighthouse")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    """Nothing is read from the user's cache, and nothing is left in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIGHTHOUSE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("LIGHTHOUSE_CACHE", raising=False)
        patch.delenv("LIGHTHOUSE_CACHE_SIZE", raising=False)
        patch.delenv("LIGHTHOUSE_NUM_THREADS", raising=False)
        yield
