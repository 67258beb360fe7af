# Qinqing, from a fresh checkout: `make run` starts everything, `make test` checks everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE_PORT ?= $(or $(QINQING_BASE_PORT),18400)
SEEDS ?= 5000
SCENARIO ?= town
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run watch stop test suite prove soak check format docs objectives pictures bench lock clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | awk -F '\t' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Install the locked packages into .venv (nothing to do when they are there)

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here: install Python 3.11 or newer, or name one: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) -V 2>&1), but Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); echo "$(PYTHON) cannot make a venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the locked packages into $(VENV) (about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--config-settings editable_mode=compat --editable .
	@touch $@

run: setup ## Start the whole system with a small town at work, and stay with it (SCENARIO=huzhou, BASE_PORT=N, LAN=1 for phones)
	@$(BIN)/qinqing up --scenario $(SCENARIO) --base-port $(BASE_PORT) $(if $(filter-out 0 1,$(LAN)),--lan-address $(LAN),$(if $(filter 1,$(LAN)),--lan))

watch: setup ## Start Prometheus and Alertmanager with our rules beside the running system (Debian packages)
	@$(BIN)/qinqing watch

stop: setup ## Stop the running system; its data stays
	@$(BIN)/qinqing stop

test: setup ## Run every check and every test, with the real Kafka and stores, in parts side by side
	@$(MAKE) --no-print-directory --jobs=2 check suite

suite: setup ## Run every test without the checks
	@$(BIN)/python -m tests

prove: setup ## Run the proofs that take minutes, which `make test` leaves out (one folder: python -m tests.proving browser; what failed: python -m tests.proving failed); the result goes to bench/results
	@$(BIN)/python -m tests.proving

soak: setup ## Play many seeds of the simulator on all cores (SEEDS=5000); the result goes to bench/results
	@$(BIN)/python -m tests.simulation.soak $(SEEDS)

check: setup ## Format, lint, types, and who may import what
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Lay the code out and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: setup ## Write everything that documents take from the code, and golden files for new types
	@$(BIN)/python -m tests.contract.write
	@$(BIN)/python -m tests.house.generate

objectives: setup ## Write the rules of the objectives from their specs (needs sloth)
	@$(BIN)/python -m tests.operations.objectives

pictures: setup ## Take the pictures of README and docs/desks.md anew, in a running town (needs chromium)
	@$(BIN)/python -m tests.pictures

bench: setup .venv-bench/.installed ## Run the benchmarks; results go to bench/results
	@$(BIN)/python -m bench

.venv-bench/.installed: bench/requirements.lock
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/requirements.lock
	@touch $@

UV_COMPILE = .venv-lock/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url
lock: ## Write both lock files anew from their .in files
	@test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv==0.13.9; }
	@$(UV_COMPILE) requirements.in -o requirements.lock
	@$(UV_COMPILE) bench/requirements.in -o bench/requirements.lock

clean: ## Remove what was installed and cached (never the data)
	@rm -rf $(VENV) .venv-bench .venv-lock .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
