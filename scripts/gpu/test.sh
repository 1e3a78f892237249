#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the tests on NVIDIA GPUs out of a bundle of scripts/gpu/pack.sh, which it makes ready first:
#   gpu-bundle/test.sh [arguments of pytest]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exports=$("$here/unpack.sh" | tee /dev/stderr | tail -1)
eval "$exports"
[[ -d $here/lib ]] || here=$here/../../gpu-bundle # as scripts/gpu/test.sh
cd "$here"
# Without a GPU every test is skipped, which looks like success.
"${PYTHON:-python3}" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' || {
  echo "error: expects an NVIDIA GPU, but torch sees none; 'lighthouse info' tells of driver and GPUs" >&2
  exit 1
}
exec "${PYTHON:-python3}" -m pytest -p no:cacheprovider tests/gpu "$@"
