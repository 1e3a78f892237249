#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes .venv and installs the Python packages in it. Does nothing, quickly, when the requirements have not changed since.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

venv=.venv
stamp=$venv/.requirements
torch_index=${LIGHTHOUSE_TORCH_INDEX-https://download.pytorch.org/whl/cpu}

# The interpreter for .venv: PYTHON, else python3.
find_python() {
  local python=${PYTHON:-python3}
  command -v "$python" >/dev/null || die "expects Python 3.10 or newer, but found no '$python'" "Name one: PYTHON=/path/to/python3 make ..."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "expects Python 3.10 or newer, but '$python' is $("$python" -V)" "Name another: PYTHON=/path/to/python3 make ..."
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    die "'$python' lacks the module venv or ensurepip" "On Debian and Ubuntu: apt-get install python3-venv"
  echo "$python"
}

# What the stamp must hold for .venv to be right: the interpreter, the place (scripts in it name it), where torch comes from, and the requirements.
fingerprint() {
  "$1" -c 'import sys; print(sys.version, sys.base_prefix)'
  echo "at $PWD, torch index: $torch_index"
  sha256sum requirements.txt requirements-dev.txt
}

# True when the index of CPU builds of torch answers; PyPI's own build brings gigabytes of CUDA on x86.
answers() {
  "$1" - "$2/torch/" 2>/dev/null <<'PY'
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=10).close()
PY
}

main() {
  local python options=()
  python=$(find_python)
  if [[ -x $venv/bin/python && -f $stamp && $(fingerprint "$python") == "$(<"$stamp")" ]]; then
    say "$venv is up to date"
    return
  fi

  say "$venv with $("$python" -V)"
  rm -f "$stamp"
  "$python" -m venv --clear "$venv"
  if [[ -z $torch_index ]]; then
    say "torch from pip's own indexes"
  elif answers "$venv/bin/python" "$torch_index"; then
    say "torch from $torch_index"
    options+=(--extra-index-url "$torch_index")
  else
    say "$torch_index does not answer: torch from pip's own indexes, maybe a larger build with CUDA"
  fi
  "$venv/bin/python" -m pip install --disable-pip-version-check "${options[@]}" -r requirements-dev.txt ||
    die "pip could not install the packages of requirements-dev.txt; its message above names the one" \
      "Behind a mirror, set PIP_INDEX_URL. The CPU build of torch comes from LIGHTHOUSE_TORCH_INDEX (default https://download.pytorch.org/whl/cpu)." \
      "torch 2.13.0 has wheels for Python 3.10 to 3.14; this is $("$python" -V)."
  fingerprint "$python" >"$stamp"
}

main
