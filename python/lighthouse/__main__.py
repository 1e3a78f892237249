# SPDX-License-Identifier: Apache-2.0
"""The command ``lighthouse``, also ``python -m lighthouse``: the C++ tool of the same name, ``bench``
and ``suggest``."""

import os
import sys

from lighthouse import _cuda, _lighthouse


def main() -> int:
    """Runs the command on this process's arguments and returns its exit status."""
    if sys.argv[1:2] == ["bench"]:
        from lighthouse import _bench  # It imports torch.

        return _bench.main(sys.argv[2:])
    if sys.argv[1:2] == ["suggest"]:
        from lighthouse import _suggest_command

        return _suggest_command.main(sys.argv[2:])
    _cuda.add_tool_folders()
    return _lighthouse.main([b"lighthouse", *map(os.fsencode, sys.argv[1:])])


if __name__ == "__main__":
    sys.exit(main())
