#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs small calls of every kind under NVIDIA's compute-sanitizer, once a tool, out of a bundle of scripts/gpu/pack.sh that is made ready:
#   gpu-bundle/sanitize.sh [TOOL...]     (memcheck racecheck synccheck initcheck)
# Exits with 1 where a tool found anything.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ -d $here/lib ]] || here=$here/../../gpu-bundle # as scripts/gpu/sanitize.sh
calls=${CALLS:-$here/tests/gpu/small_calls.py}
(($# > 0)) || set -- memcheck racecheck synccheck initcheck

# Allocations of their own show what lies outside one.
export PYTORCH_NO_CUDA_MEMORY_CACHING=1
rc=0
for tool in "$@"; do
  echo "== $tool"
  arguments=()
  [[ $tool != initcheck ]] || arguments=(--plain) # small_calls.py says why
  # What the driver's functions return is looked at by the library, which asks every object for a kernel until one has it.
  compute-sanitizer --tool "$tool" --report-api-errors no --error-exitcode 1 "${PYTHON:-python3}" "$calls" "${arguments[@]}" || rc=1
done
exit "$rc"
