// SPDX-License-Identifier: Apache-2.0
// `lighthouse bench` is the Python package's; this program lists it and says so.
// RUN: lighthouse --help | FileCheck %s --check-prefix=LISTED
// RUN: not lighthouse bench --seq-len 600 --head-dim 8 2>&1 | FileCheck %s

// LISTED: bench   - time each kernel of a spec
// CHECK: lighthouse: error: bench: expects the command of the Python package, but got this program; run python -m lighthouse bench
