#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over the project's C++ files and remembers which passed, so that only changed ones run again.

A file's key is made of clang-tidy's version, .clang-tidy, the compile command, and the content of the file and of the
project's headers it includes, without the clone's path. Keys that passed are empty files in
$XDG_CACHE_HOME/lighthouse/clang-tidy.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lighthouse" / "clang-tidy"
KEEP_SECONDS = 30 * 24 * 3600


def compile_commands(build: Path) -> list[dict[str, str]]:
    """The entries of `build`'s compile_commands.json whose files lie in the project and outside any build folder."""
    entries = json.loads((build / "compile_commands.json").read_text())
    return [e for e in entries if Path(e["file"]).is_relative_to(ROOT) and not is_generated(Path(e["file"]))]


def is_generated(path: Path) -> bool:
    return path.is_relative_to(ROOT / "build")


def project_dependencies(build: Path) -> dict[str, list[Path]]:
    """Per object file, the project's files it was compiled from, generated ones included, as Ninja recorded them."""
    text = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], check=True, capture_output=True, text=True).stdout
    dependencies: dict[str, list[Path]] = {}
    current: list[Path] = []
    for line in text.splitlines():
        if line and not line.startswith((" ", "ninja:")):
            current = dependencies.setdefault(line.split(": #deps")[0], [])
        elif line.startswith("    "):
            path = Path(os.path.normpath(build / line.strip()))
            if path.is_relative_to(ROOT) and path.suffix != ".pch":
                current.append(path)
    return dependencies


def key_of(entry: dict[str, str], dependencies: list[Path], version: str) -> str:
    digest = hashlib.sha256(version.encode())
    digest.update((ROOT / ".clang-tidy").read_bytes())
    digest.update(entry["command"].replace(str(ROOT), "").encode())
    for path in sorted({Path(entry["file"]), *dependencies}):
        digest.update(path.read_bytes().replace(str(ROOT).encode(), b""))
    return digest.hexdigest()


def check(clang_tidy: str, build: Path, path: str) -> tuple[bool, str]:
    command = [clang_tidy, "--quiet", "-p", str(build), path]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return result.returncode == 0, result.stdout + (result.stderr if result.returncode else "")


def prune() -> None:
    for entry in CACHE.iterdir():
        if time.time() - entry.stat().st_mtime > KEEP_SECONDS:
            entry.unlink(missing_ok=True)


def main() -> int:
    if len(sys.argv) != 3:
        sys.exit("usage: clang_tidy.py CLANG_TIDY BUILD_FOLDER")
    clang_tidy, build = sys.argv[1], (ROOT / sys.argv[2]).resolve()
    version = subprocess.run([clang_tidy, "--version"], check=True, capture_output=True, text=True).stdout
    dependencies = project_dependencies(build)

    CACHE.mkdir(parents=True, exist_ok=True)
    entries = compile_commands(build)
    todo: dict[str, Path] = {}
    for entry in entries:
        passed = CACHE / key_of(entry, dependencies.get(entry["output"], []), version)
        if passed.exists():
            passed.touch()
        else:
            todo[entry["file"]] = passed
    prune()
    print(f"    {len(entries)} files, {len(todo)} to check", flush=True)

    failed = 0
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = pool.map(lambda path: check(clang_tidy, build, path), todo)
        for number, ((path, passed), (ok, output)) in enumerate(zip(todo.items(), results, strict=True), start=1):
            print(f"    [{number}/{len(todo)}] {Path(path).relative_to(ROOT)}", flush=True)
            if ok:
                passed.touch()
            else:
                failed += 1
                print(output, flush=True)
    if failed:
        print(f"clang-tidy: {failed} of {len(entries)} files have findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
