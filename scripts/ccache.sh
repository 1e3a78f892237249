#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Compiler launcher of the presets: runs clang through ccache, where there is one, so that clones at different paths share
# entries although they use a precompiled header. Such a header holds absolute paths, so each build folder makes its own, and
# its users are keyed by the content it was made from.
set -euo pipefail

command -v ccache >/dev/null || exec "$@"

CCACHE_BASEDIR=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
export CCACHE_BASEDIR CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1

args=() output='' depfile='' emits_pch=''
while (($#)); do
  # CMake includes the header's source again after its precompiled form, by an absolute path that ccache cannot rewrite.
  if [[ $# -ge 4 && $2 == -include && $4 == */cmake_pch.hxx && " ${args[*]} " == *' -include-pch '* ]]; then
    shift 4
    continue
  fi
  case $1 in
    -emit-pch) emits_pch=1 ;;
    -o) output=$2 ;;
    -MF) depfile=$2 ;;
  esac
  args+=("$1")
  shift
done

[[ $emits_pch ]] || exec ccache "${args[@]}"

"${args[@]}"
# ccache reads <pch>.sum in place of the precompiled header: what went into it, with this clone's path left out.
{
  echo "${args[@]//"$CCACHE_BASEDIR"/}"
  "${args[0]}" --version
  tr -s ' \134' '\n' <"$depfile" | sed 1d | grep . | xargs cat | sed "s#$CCACHE_BASEDIR##g"
} | sha256sum >"$output.sum"
