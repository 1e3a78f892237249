# SPDX-License-Identifier: Apache-2.0
"""What plots share: the files they go into."""

import os
from pathlib import Path
from typing import Any

SUFFIXES = (".png", ".svg", ".pdf")


def check_file(name: str, file: Any) -> None:
    """Raises TypeError or ValueError unless a plot can be written there; called before anything is computed."""
    if not isinstance(file, (str, os.PathLike)) or "\0" in str(file):
        raise TypeError(f"{name}: expects a file name, but got {file!r}")
    file = Path(file)
    if file.suffix not in SUFFIXES:
        raise ValueError(f"{name}: expects a file name that ends in {', '.join(SUFFIXES)}, but got '{file}'")
    if not file.absolute().parent.is_dir():
        raise ValueError(f"{name}: expects a file in a folder that exists, but got '{file}'")
    if file.is_dir():
        raise ValueError(f"{name}: expects a file, but got the folder '{file}'")
