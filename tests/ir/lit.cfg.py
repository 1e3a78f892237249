# SPDX-License-Identifier: Apache-2.0
#
# IR tests: one feature a file, its refusals in the twin name_errors.mlir.
import os
import sys

import lit.formats

config.name = "lighthouse"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.environment["PATH"] = os.pathsep.join([config.tools_dir, config.llvm_tools_dir, os.environ["PATH"]])
# The user's cache is left alone.
config.environment["LIGHTHOUSE_CACHE_DIR"] = os.path.join(config.test_exec_root, "cache")
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
# For the tests of docs/reference.
config.substitutions += [
    ("%source", config.source_dir),
    ("%mlir_include", config.mlir_include_dir),
    ("%python", sys.executable),
    ("%fake_cuda", config.fake_cuda),
]
