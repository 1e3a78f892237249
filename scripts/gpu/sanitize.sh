#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs small calls of every kind under NVIDIA's compute-sanitizer, once a tool, out of a bundle of scripts/gpu/pack.sh that is made ready:
#   gpu-bundle/sanitize.sh [TOOL...]     (memcheck racecheck synccheck initcheck)
# Exits with 1 where a tool found anything. CALLS names a program in place of tests/gpu/small_calls.py.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ -d $here/lib ]] || here=$here/../../gpu-bundle # as scripts/gpu/sanitize.sh
calls=${CALLS:-$here/tests/gpu/small_calls.py}
(($# > 0)) || set -- memcheck racecheck synccheck initcheck

# Allocations of their own show what lies outside one.
export PYTORCH_NO_CUDA_MEMORY_CACHING=1
rc=0
# run TOOL [arguments of small_calls.py]. What the driver's functions return is looked at by the library, which asks every object for a
# kernel until one has it.
run() {
  compute-sanitizer --tool "$1" --report-api-errors no --error-exitcode 1 "${PYTHON:-python3}" "$calls" "${@:2}" || rc=1
}
for tool in "$@"; do
  echo "== $tool"
  if [[ $tool == initcheck ]]; then
    run "$tool" --plain # small_calls.py says why
    LIGHTHOUSE_CUDA_ARCH=sm_80 run "$tool" # the other calls, by kernels that have no such copies
  else
    run "$tool"
  fi
done
exit "$rc"
