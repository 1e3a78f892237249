#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs the system packages that are missing, through apt, as root or with sudo. Does nothing, quickly, when all are there.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

llvm_packages=(
  "libmlir-$llvm_major-dev" "mlir-$llvm_major-tools" "llvm-$llvm_major-dev" "llvm-$llvm_major-tools"
  "clang-$llvm_major" "lld-$llvm_major" "clang-format-$llvm_major" "clang-tidy-$llvm_major" "libclang-rt-$llvm_major-dev"
)
other_packages=(
  g++ make git ccache ca-certificates python3-dev python3-venv
  libzstd-dev libcurl4-openssl-dev libedit-dev libfmt-dev libgtest-dev libgmock-dev
)

# Prints those of the given packages that are not installed.
missing_of() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) == 'install ok installed' ]] || echo "$package"
  done
}

# Prints those of the given packages that apt has no version of.
unavailable_of() {
  local package
  for package in "$@"; do
    [[ $(apt-cache policy "$package") == *'Candidate: '[0-9]* ]] || echo "$package"
  done
}

explain_unavailable() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-CODENAME}")
  if [[ $* != *"-$llvm_major"* ]]; then
    die "apt has no package: $*" "Check that the distribution's main (Ubuntu: and universe) sources are enabled, then run the command again."
  fi
  die "apt has no package: $*" \
    "LLVM $llvm_major comes with Debian 12 and 13 (their -security and -updates sources must be enabled). Elsewhere add its own source:" \
    "  curl -fsSL https://apt.llvm.org/llvm-snapshot.gpg.key | sudo tee /etc/apt/trusted.gpg.d/apt.llvm.org.asc >/dev/null" \
    "  echo 'deb https://apt.llvm.org/$codename/ llvm-toolchain-$codename-$llvm_major main' | sudo tee /etc/apt/sources.list.d/llvm-$llvm_major.list" \
    "Or build LLVM and MLIR $llvm_major yourself and set LLVM_DIR and MLIR_DIR (docs/building.md)."
}

without_apt() {
  has_own_llvm || die "expects apt, or LLVM_DIR and MLIR_DIR set, but found neither" \
    "Install LLVM, MLIR, clang and lld $llvm_major, GoogleTest, fmt, zstd, curl, libedit and Python 3.10 or newer with your system's means," \
    "then set LLVM_DIR and MLIR_DIR (docs/building.md)."
  say "no apt here: taking LLVM from $LLVM_DIR, the rest from the system"
}

# as_root COMMAND...: runs it directly or with sudo.
as_root() {
  local settings=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a)
  if ((EUID == 0)); then
    "${settings[@]}" "$@"
  elif command -v sudo >/dev/null; then
    sudo "${settings[@]}" "$@"
  else
    die "system packages are missing, and this is neither root nor is there sudo" "As root: apt-get install ${missing[*]}"
  fi
}

main() {
  check_own_llvm
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    without_apt
    return
  fi

  local wanted=("${other_packages[@]}")
  has_own_llvm && say "LLVM and MLIR from $LLVM_DIR and $MLIR_DIR" || wanted+=("${llvm_packages[@]}")
  mapfile -t missing < <(missing_of "${wanted[@]}")
  if ((${#missing[@]} == 0)); then
    say "all ${#wanted[@]} are installed"
    return
  fi

  say "missing: ${missing[*]}"
  as_root apt-get -o DPkg::Lock::Timeout=300 update ||
    say "apt-get update failed; going on with the package lists there are"
  local unavailable
  mapfile -t unavailable < <(unavailable_of "${missing[@]}")
  ((${#unavailable[@]} == 0)) || explain_unavailable "${unavailable[@]}"
  as_root apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install: ${missing[*]}" "Its message is above; 'apt-get --fix-broken install' may help, then run the command again."
}

main
