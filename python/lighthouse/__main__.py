# SPDX-License-Identifier: Apache-2.0
"""The command ``lighthouse``, also ``python -m lighthouse``: the C++ tool of the same name."""

import sys

from lighthouse import _cuda, _lighthouse


def main() -> int:
    """Runs the tool on this process's arguments and returns its exit status."""
    _cuda.add_tool_folders()
    return _lighthouse.main(["lighthouse", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
