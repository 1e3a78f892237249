#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Packs a build for a machine with an NVIDIA GPU that has a compiler, Python and torch, but neither LLVM nor network:
#   scripts/gpu/pack.sh [FOLDER]
# puts the library, tools, Python package, tests and benchmarks into FOLDER (gpu-bundle). There, FOLDER/unpack.sh makes it ready, and
# FOLDER/test.sh runs the tests. PRESET (release) names the build, GPU_PYTHON (3.12) the version of Python there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

bundle=${1:-gpu-bundle}
build=build/${PRESET:-release}
python=$PWD/.venv/bin/python
gpu_python=${GPU_PYTHON:-3.12}
most_kib=$((60 * 1024))

[[ -f $build/build.ninja ]] || die "expects a build in $build, but found none" "make build makes it; PRESET names another."
[[ -x $python ]] || die "expects .venv, but found none" "make build makes it."

rm -rf "$bundle"
mkdir -p "$bundle/python" "$bundle/tests" "$bundle/site"
say "library, tools and headers"
cmake --build "$build" --target lighthouse lighthouse-cli lighthouse-opt >/dev/null
cmake --install "$build" --prefix "$bundle" --strip >/dev/null
say "Python package, tests, benchmarks"
cp -r python/lighthouse python/bindings "$bundle/python"
cp -r tests/gpu tests/python tests/golden "$bundle/tests"
cp -r benchmarks pyproject.toml "$bundle"
cp scripts/gpu/{unpack,test,sanitize,tune}.sh "$bundle"
cp -r "$("$python" -c 'import pybind11; print(pybind11.get_include())')/pybind11" "$bundle/include"
# The GPU machine may lack these, and hypothesis has machine code.
"$python" -m pip install --quiet --disable-pip-version-check --target "$bundle/site" --only-binary=:all: \
  --python-version "$gpu_python" --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 pytest hypothesis rich
find "$bundle" -name __pycache__ -prune -exec rm -rf {} +
say "compressing"
xz -6 -T0 "$bundle/lib/liblighthouse.so"

size_kib=$(du -sk --apparent-size "$bundle" | cut -f1)
say "$bundle: $((size_kib / 1024)) MiB"
((size_kib <= most_kib)) || die "expects a bundle of at most $((most_kib / 1024)) MiB, but got $((size_kib / 1024))"
