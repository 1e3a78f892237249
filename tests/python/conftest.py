# SPDX-License-Identifier: Apache-2.0
"""Set-up of the Python tests (see session.py), and what they share as fixtures."""

from collections.abc import Callable

import pytest
from lighthouse.__main__ import main
from session import own_cache as own_cache


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Callable[..., str]:
    """The command ``lighthouse`` in this process, by its arguments. Returns what it prints; stderr when it fails."""

    def run(*arguments: str, status: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["lighthouse", *arguments])
        try:
            result = main()
        except SystemExit as end:  # argparse
            result = end.code
        printed = capsys.readouterr()
        assert result == status, printed.out + printed.err
        return printed.err if status else printed.out

    return run
