# Thin: each target is a command or two that can be run by hand as well. "make" alone lists them.
# Parallelism is the build tools' own; make itself runs one step after the other.
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help deps build image plugin demo up down test format lint check-deep fuzz kill-loop soak bench bench-profile clean

PRESET ?= release

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Install the Debian packages that the build and the tests need (does nothing when they are there)
	@tools/install-dependencies

build: deps ## Build the controller, build/release/curfew, and the plugin, build/release/kubectl-curfew
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)

image: build ## The controller's image, an OCI archive, with its bill of materials: in build/release/image
	tools/build-image build/$(PRESET)

plugin: build ## The kubectl plugin's archive and its krew manifest: in build/release/plugin
	tools/build-plugin build/$(PRESET)

demo: ## Everything once: build, a Kubernetes API server, Curfew, and a story played by four people
	@tools/demo story

up: ## The same without the story, left running, with a kubeconfig for each of the four people
	@tools/demo up

down: ## End what "make up" started
	@tools/demo down

test: build ## All levels of tests: unit, fake API server, oracle, real API server
	tools/controlplane build
	tools/run-tests build/$(PRESET)

format: ## Format the C++ sources
	tools/format

lint: ## clang-format and clang-tidy on what changed since the main branch (on everything if there is nothing to compare with)
	tools/lint

check-deep: build ## What "make test" leaves out as too long, and the whole suite again under the address, undefined-behaviour and thread sanitizers
	tools/controlplane build
	tools/run-tests build/$(PRESET) -L deep
	$(MAKE) test PRESET=asan
	$(MAKE) test PRESET=tsan

fuzz: deps ## Hostile input for FUZZ_SECONDS (60) a target; what was found is in build/fuzz/findings
	cmake --preset fuzz
	cmake --build --preset fuzz
	tools/fuzz build/fuzz

kill-loop: build ## SIGKILL at random moments of KILL_LOOP_LIFECYCLES (500) lives, with one replica and with two; CURFEW_STORM_SEED repeats one
	CURFEW_KILL_LOOP_LIFECYCLES=$(or $(KILL_LOOP_LIFECYCLES),500) tests/cluster/alone build/$(PRESET) "[kill-loop]"

soak: build ## SOAK_SECONDS (1200) of people, faults and restarts at once: lateness, leaks, lost records
	CURFEW_SOAK_SECONDS=$(or $(SOAK_SECONDS),1200) tests/cluster/alone build/$(PRESET) "[soak]"

bench: build ## Measure Curfew beside the raw API server (an hour; BENCH_RUNS, BENCH_ONLY, BENCH_PENDING, BENCH_STORED), into docs/benchmarks.md
	bench/run build/$(PRESET)

bench-profile: build ## A processor profile of the API server for each kind of write in a life, into build/release/bench/profiles (minutes)
	bench/profile build/$(PRESET)

clean: ## Delete what was built here (not the cached control plane)
	rm -rf build
