# Each target is a script in tools/. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup up down test bench bench-gateway chaos test-vm escape soak eval lint fmt fuzz sanitize contract distill packs deb clean
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | \
	  while IFS=$$'\t' read -r target text; do printf '  make %-13s %s\n' "$$target" "$$text"; done

up:  ## install what is needed, build, start hearthd, take the tour; leaves it serving
	@tools/up
down:  ## stop hearthd
	@tools/down
test:  ## set up, build and pass all tests; ends with "N passed, N failed"
	@tools/test
setup:  ## only install the Debian packages for `up` and `test`
	@tools/setup build run tour test
bench:  ## measure, and write docs/benchmarks.md
	@tools/bench
bench-gateway:  ## as a gateway beside nginx, haproxy and Portkey; writes a section of docs/benchmarks.md
	@tools/bench-gateway
chaos:  ## faults in a real box under load, CHAOS_REPEATS (20) of each; writes docs/reliability.md (as root)
	@tools/chaos
test-vm:  ## the Debian package in a QEMU machine, VM_CUTS (50) power cuts; writes docs/reliability-vm.md (as root)
	@tools/test-vm
escape:  ## what tries to get out of the box, before a capture of all its packets (as root)
	@tools/escape
soak:  ## models that come and go within 2 GB for SOAK_MINUTES (30); writes docs/soak.md
	@tools/soak
eval:  ## quality on real data in the folder that HEARTH_EVAL_DIR names
	@tools/eval
lint:  ## format, clang-tidy, layers and house rules (ALL=1: clang-tidy on every file, not only changed ones)
	@tools/lint
fmt:  ## format the C++ sources
	@tools/fmt
fuzz:  ## run each fuzz target for FUZZ_SECONDS (60) seconds
	@tools/fuzz
sanitize:  ## unit and integration tests under address, undefined-behaviour and thread sanitizers
	@tools/sanitize
contract:  ## let schemathesis try the running server against /openapi.json (needs PyPI)
	@tools/contract
distill:  ## make the embedding table anew from its teacher (needs PyPI)
	@tools/distill/run
packs:  ## make the engine packs in build/packs (ARCH=arm64: another architecture's, tried in qemu-user)
	@tools/pack $(if $(ARCH),--arch $(ARCH)) llama.cpp whisper.cpp onnxruntime
deb:  ## build the Debian package
	@tools/deb
clean:  ## remove everything that was built
	@rm -rf build
