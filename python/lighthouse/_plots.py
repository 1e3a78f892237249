# SPDX-License-Identifier: Apache-2.0
"""What plots share: the files they go into."""

from pathlib import Path

SUFFIXES = (".png", ".svg", ".pdf")


def check_file(name: str, file: Path) -> None:
    """Raises ValueError unless a plot can be written there; called before anything is computed."""
    if file.suffix not in SUFFIXES:
        raise ValueError(f"{name}: expects a file name that ends in {', '.join(SUFFIXES)}, but got '{file}'")
    if not file.absolute().parent.is_dir():
        raise ValueError(f"{name}: expects a file in a folder that exists, but got '{file}'")
