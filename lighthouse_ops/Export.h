// SPDX-License-Identifier: Apache-2.0
//
// Marks what liblighthouse exports; everything else in it, LLVM and MLIR included, stays hidden.
#pragma once

#define LIGHTHOUSE_API __attribute__((visibility("default")))
