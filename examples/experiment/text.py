#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the experiment's text: the Python sources in the packages that packages.txt names, by version and hash.

    python examples/experiment/text.py [--out FOLDER]

A document is a folder of a package, its files in the order of their names, each ended by a zero byte. What was seen
before is left out, and files of more than 256 KiB, which are tables. One document of 25 is for validation; the others
are in an order that was shuffled once. Leaves train.xz and validation.xz in FOLDER (out/experiment): nothing but the
documents' bytes, one after the other.
"""

import argparse
import hashlib
import lzma
import random
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

PACKAGES = Path(__file__).with_name("packages.txt")
PLATFORMS = ("any", "manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
MOST = 256 * 1024  # bytes of a file
HELD_OUT = 25  # one document of so many is for validation
SEED = 0


def download(folder: Path) -> list[Path]:
    """The wheels, the same ones on any machine."""
    options = ["--no-deps", "--only-binary=:all:", "--python-version=3.12", "--require-hashes", "--quiet"]
    platforms = [f"--platform={name}" for name in PLATFORMS]
    command = [sys.executable, "-m", "pip", "download", *options, *platforms, "-r", str(PACKAGES), "-d", str(folder)]
    subprocess.run(command, check=True)
    return sorted(folder.glob("*.whl"))


def documents(wheels: list[Path]) -> list[bytes]:
    """By folder, in the order of wheels and names."""
    folders: dict[tuple[str, str], bytearray] = {}
    seen = set()
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".py"))
            for name in names:
                data = archive.read(name)
                digest = hashlib.sha256(data).digest()
                if not data or len(data) > MOST or digest in seen:
                    continue
                seen.add(digest)
                folder = folders.setdefault((wheel.name, str(PurePosixPath(name).parent)), bytearray())
                folder += data + b"\0"
    return [bytes(folder) for folder in folders.values()]


def split(texts: list[bytes]) -> tuple[bytes, bytes]:
    """Documents to train on and to validate with, each joined."""
    texts = list(texts)
    random.Random(SEED).shuffle(texts)
    held_out = texts[::HELD_OUT]
    return b"".join(text for index, text in enumerate(texts) if index % HELD_OUT), b"".join(held_out)


def pack(texts: list[bytes], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in zip(("train", "validation"), split(texts), strict=True):
        packed = lzma.compress(data, preset=9)
        (folder / f"{name}.xz").write_bytes(packed)
        digest = hashlib.sha256(data).hexdigest()
        print(f"{name}.xz: {len(data):,} bytes in {len(packed):,}, sha256 of the text {digest}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/experiment"), help="folder of the text")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pack(documents(download(Path(folder))), options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
