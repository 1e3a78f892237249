#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes a bundle of scripts/gpu/pack.sh ready on the machine with the GPU: unpacks the library and compiles the binding for python3 (or
# $PYTHON) with g++ (or $CXX). Its last line is what to export.
#   gpu-bundle/unpack.sh
set -euo pipefail
bundle=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ -d $bundle/lib ]] || bundle=$(cd "$bundle/../../gpu-bundle" && pwd) # as scripts/gpu/unpack.sh
python=${PYTHON:-python3}
cxx=${CXX:-g++}

die() {
  printf 'error: %s\n' "$@" >&2
  exit 1
}

command -v "$python" >/dev/null || die "expects Python 3.10 or newer, but found no '$python'; PYTHON names another"
command -v "$cxx" >/dev/null || die "expects a C++20 compiler, but found no '$cxx'; CXX names another"
include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
[[ -f $include/Python.h ]] || die "expects the headers of $("$python" -V), but found no $include/Python.h; on Ubuntu: apt-get install python3-dev"

library=$bundle/lib/liblighthouse.so
if [[ ! -f $library || $library.xz -nt $library ]]; then
  "$python" - "$library" <<'PY'
import lzma, os, shutil, sys
with lzma.open(sys.argv[1] + ".xz") as packed, open(sys.argv[1] + ".new", "wb") as unpacked:
    shutil.copyfileobj(packed, unpacked)
os.replace(sys.argv[1] + ".new", sys.argv[1])
PY
fi
missing=$(ldd "$library" | grep 'not found' || true)
[[ -z $missing ]] || die "expects these libraries of the system:" "$missing"

suffix=$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
binding=$bundle/python/lighthouse/_lighthouse$suffix
objects=$bundle/build
newest=$(find "$bundle/python/bindings" "$bundle/include" "$library" -type f -printf '%T@\n' | sort -n | tail -1)
if [[ ! -f $binding || $(stat -c %Y "$binding") -lt ${newest%.*} ]]; then
  mkdir -p "$objects"
  flags=(-std=c++20 -O1 -fPIC -fvisibility=hidden -I"$include" -I"$bundle" -I"$bundle/include")
  jobs=()
  for source in "$bundle"/python/bindings/*.cpp; do
    "$cxx" "${flags[@]}" -c "$source" -o "$objects/$(basename "$source").o" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || die "the binding does not compile; the compiler's message is above"; done
  # shellcheck disable=SC2016 # $ORIGIN is the loader's
  "$cxx" -shared "$objects"/*.o "$library" -Wl,-rpath,'$ORIGIN/../../lib' -o "$binding"
fi

path=$bundle/python
"$python" -c 'import pytest, hypothesis, rich' 2>/dev/null || path+=:$bundle/site
PYTHONPATH=$path "$python" -c 'import lighthouse; print("lighthouse", lighthouse.__version__, *lighthouse.devices(), sep="\n  ")'
echo "export PYTHONPATH=$path\${PYTHONPATH:+:\$PYTHONPATH} PATH=$bundle/bin:\$PATH"
