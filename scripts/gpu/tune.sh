#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Tunes the specs that the library's database of a GPU model is made of, on this machine's GPU:
#   scripts/gpu/tune.sh FOLDER [options of lighthouse tune]
# leaves the database in FOLDER/tuning-GPU.json, where it goes on after an interruption; runtime/tuning is its place.
# `lighthouse` is on PATH (see unpack.sh).
set -euo pipefail
folder=${1:?expects the folder for the database}
shift
export LIGHTHOUSE_CACHE_DIR=$folder

# Options of each spec. Entries serve the lengths and groups near them too.
specs=(
  "--dtype bfloat16 --head-dim 128 --num-heads 8 --seq-len 98304 --num-levels 3 --pooling-factor 4 --topk 1536"
  "--dtype bfloat16 --head-dim 128 --num-heads 8 --seq-len 524288 --num-levels 4 --pooling-factor 4 --topk 4096"
  "--dtype bfloat16 --head-dim 128 --num-heads 8 --seq-len 16384 --num-levels 3 --pooling-factor 4 --topk 512"
  "--dtype bfloat16 --head-dim 64 --num-heads 16 --seq-len 98304 --num-levels 3 --pooling-factor 4 --topk 1536"
  "--dtype bfloat16 --head-dim 64 --num-heads 16 --seq-len 16384 --num-levels 3 --pooling-factor 4 --topk 512"
  "--dtype float16 --head-dim 128 --num-heads 8 --seq-len 98304 --num-levels 3 --pooling-factor 4 --topk 1536"
  "--dtype float16 --head-dim 64 --num-heads 16 --seq-len 98304 --num-levels 3 --pooling-factor 4 --topk 1536"
  "--dtype float32 --head-dim 64 --num-heads 8 --seq-len 32768 --num-levels 3 --pooling-factor 4 --topk 1024"
)
for spec in "${specs[@]}"; do
  done_mark=$folder/done-$(tr -c 'a-z0-9\n' '-' <<<"$spec $*")
  [[ -e $done_mark ]] && continue
  printf '\n%s\n' "$spec $*"
  # shellcheck disable=SC2086 # words are options
  lighthouse tune $spec "$@"
  touch "$done_mark"
done
