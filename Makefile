# SPDX-License-Identifier: Apache-2.0
#
# The commands of the project. Each does all the set-up it needs and repeats none; scripts/run.sh holds the steps.

# The CMake preset of build, test, demo and bench: release, dev or asan.
PRESET ?= release
export PRESET

setup := system python configure
run := @scripts/run.sh

.PHONY: help demo test build lint format docs asan bench clean
.DEFAULT_GOAL := help

help: ## this list
	@echo 'Usage: make COMMAND'
	@sed -nE 's/^([a-z]+):.*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

demo: ## set up, build, and train a small language model with Lighthouse Attention
	$(run) $(setup) build demo

test: ## set up, build, lint, and run every test
	$(run) $(setup) build lint ctest pytest

build: ## set up and build
	$(run) $(setup) build

lint: ## check formatting, clang-tidy and ruff
	$(run) $(setup) build lint

format: ## format C++ and Python in place
	$(run) system python format

docs: ## regenerate docs/reference from TableGen, docstrings and headers
	$(run) $(setup) docs

asan: ## build with AddressSanitizer and UBSan, and run the C++ and IR tests
	@PRESET=asan scripts/run.sh $(setup) build ctest

bench: ## compare with PyTorch eager on this CPU
	$(run) $(setup) build bench

clean: ## remove the builds (.venv and caches stay)
	rm -rf build
