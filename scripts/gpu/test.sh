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
exec "${PYTHON:-python3}" -m pytest -p no:cacheprovider tests/gpu "$@"
