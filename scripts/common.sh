# SPDX-License-Identifier: Apache-2.0
#
# What the scripts share: messages, the LLVM in use, and where its programs are. Sourced, not run.
# shellcheck shell=bash

llvm_major=22

say() { printf '  %s\n' "$*"; }

# Ends with a message; each argument is a line.
die() {
  printf '\nerror: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&2
  exit 1
}

# True when the caller points at an LLVM of their own.
has_own_llvm() { [[ -n ${LLVM_DIR:-} || -n ${MLIR_DIR:-} ]]; }

# LLVM_DIR and MLIR_DIR name folders with LLVMConfig.cmake and MLIRConfig.cmake; either both or neither.
check_own_llvm() {
  has_own_llvm || return 0
  [[ -f ${LLVM_DIR:-}/LLVMConfig.cmake ]] ||
    die "LLVM_DIR expects the folder of LLVMConfig.cmake, but got '${LLVM_DIR:-}'" "for example LLVM_DIR=/opt/llvm/lib/cmake/llvm"
  [[ -f ${MLIR_DIR:-}/MLIRConfig.cmake ]] ||
    die "MLIR_DIR expects the folder of MLIRConfig.cmake, but got '${MLIR_DIR:-}'" "for example MLIR_DIR=/opt/llvm/lib/cmake/mlir"
}

# Prints the path of an LLVM program: from LLVM_DIR's bin folder, else Debian's, else PATH; fails when there is none.
llvm_tool() {
  local candidate
  for candidate in "${LLVM_DIR:+$LLVM_DIR/../../../bin/$1}" "/usr/lib/llvm-$llvm_major/bin/$1" "$1-$llvm_major"; do
    [[ -n $candidate ]] && command -v "$candidate" && return
  done
  return 1
}

require_llvm_tool() {
  llvm_tool "$1" || die "expects $1 of LLVM $llvm_major, but found none" "looked in LLVM_DIR's bin folder, /usr/lib/llvm-$llvm_major/bin and for $1-$llvm_major on PATH"
}
