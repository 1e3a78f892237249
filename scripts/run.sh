#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs steps in order, each announced: scripts/run.sh system python configure build test. The Makefile's targets are lists of these.
# PRESET (release) chooses the CMake preset, LINT=0 leaves linting out of lists that hold it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

preset=${PRESET:-release}
build=build/$preset
venv=$PWD/.venv
export PATH=$venv/bin:$PATH NINJA_STATUS='[%f/%t %es] '

step_system() { scripts/setup-system.sh; }
step_python() { scripts/setup-python.sh; }

# Prints the arguments of CMake, one a line.
configure_arguments() {
  printf '%s\n' --preset "$preset" "-DPython_EXECUTABLE=$venv/bin/python"
  # Debian's LLVM: the preset names its compilers.
  has_own_llvm || return 0
  local cc cxx
  cc=${CC:-$(require_llvm_tool clang)}
  cxx=${CXX:-$(require_llvm_tool clang++)}
  printf '%s\n' "-DLLVM_DIR=$LLVM_DIR" "-DMLIR_DIR=$MLIR_DIR" "-DCMAKE_C_COMPILER=$cc" "-DCMAKE_CXX_COMPILER=$cxx"
}

step_configure() {
  local arguments stamp=$build/.configured
  check_own_llvm
  arguments=$(configure_arguments)
  # Ninja runs CMake again when a CMake file changes; only other arguments, another .venv or another preset need it here.
  if [[ -f $build/build.ninja && -f $stamp && ! CMakePresets.json -nt $stamp && ! .venv/.requirements -nt $stamp && $(<"$stamp") == "$arguments" ]]; then
    say "$build is configured"
    return
  fi
  local list
  mapfile -t list <<<"$arguments"
  cmake --fresh "${list[@]}"
  echo "$arguments" >"$stamp"
}

step_build() { cmake --build "$build"; }

step_format() {
  local sources
  mapfile -t sources < <(cpp_files)
  "$(require_llvm_tool clang-format)" -i "${sources[@]}"
  ruff format .
  ruff check --fix .
}

# Prints the C++ files of the project: tracked ones, and new ones that git does not ignore.
cpp_files() {
  local file
  git ls-files --cached --others --exclude-standard -- '*.h' '*.cpp' | while read -r file; do
    [[ ! -f $file ]] || echo "$file"
  done
}

step_lint() {
  if [[ ${LINT:-1} == 0 ]]; then
    say "left out: LINT=0"
    return
  fi
  local sources clang_format clang_tidy
  clang_format=$(require_llvm_tool clang-format)
  clang_tidy=$(require_llvm_tool clang-tidy)
  mapfile -t sources < <(cpp_files)
  say "clang-format: ${#sources[@]} files"
  "$clang_format" --dry-run --Werror "${sources[@]}" || die "some C++ files are not formatted" "make format does it."
  say "ruff"
  ruff format --check . || die "some Python files are not formatted" "make format does it."
  ruff check .
  say "clang-tidy"
  python scripts/clang_tidy.py "$clang_tidy" "$build"
}

step_ctest() { ctest --preset "$preset"; }

step_pytest() { PYTHONPATH=$PWD/$build/python python -m pytest "$@"; }

step_demo() { PYTHONPATH=$PWD/$build/python python examples/train_bytes.py; }

step_bench() {
  PYTHONPATH=$PWD/$build/python python benchmarks/compile.py
  PYTHONPATH=$PWD/$build/python python benchmarks/cpu.py
}

step_docs() {
  mkdir -p docs/reference
  cmake --build "$build" --target lighthouse-docs
  python scripts/api_reference.py
}

declare -A titles=(
  [system]='System packages' [python]='Python packages' [configure]="Configure ($preset)" [build]="Build ($preset)"
  [format]='Format' [lint]='Formatting and lint' [ctest]='C++ and IR tests' [pytest]='Python tests'
  [demo]='Train: Lighthouse then dense, against dense' [bench]='Benchmarks' [docs]='Reference pages'
)

number=0
for step in "$@"; do
  number=$((number + 1))
  [[ -n ${titles[$step]:-} ]] || die "expects steps out of: ${!titles[*]}, but got '$step'"
  printf '\n[%d/%d] %s\n' "$number" $# "${titles[$step]}"
  "step_$step"
done
