// SPDX-License-Identifier: Apache-2.0
// `lighthouse suggest` is the Python package's: this program lists it, and says where it is.
// RUN: lighthouse --help | FileCheck %s --check-prefix=HELP
// RUN: not lighthouse suggest --seq-len 600 --head-dim 16 2>&1 | FileCheck %s

// HELP: suggest - settings worth trying for a length, by time and coverage (of the Python package)
// CHECK: lighthouse: error: suggest: expects the command of the Python package, but got this program; run python -m lighthouse suggest
