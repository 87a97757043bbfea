# `make demo` shows everything in minutes; `make help` lists the rest. Needs Python 3.11 or newer, make, a package index.

# Which torch build to install, as arguments for pip. A GPU machine with another CUDA version, for example:
#   make demo TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cu130"
TORCH ?= torch==2.13.0
# 1: download the CUDA build (gigabytes) even where there is no NVIDIA GPU.
ACCEPT_CUDA ?=
# Worker processes of the test suite, and which tests they run.
WORKERS ?= 2
MARKS ?= not slow and not gpu and not shared

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up.json
GOAL := $(or $(firstword $(MAKECMDGOALS)),demo)

# The first interpreter that is new enough and can make virtual environments.
CANDIDATES := python3 python3.13 python3.12 python3.11 python
IS_FIT := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,$(CANDIDATES),$(shell $(name) -c '$(IS_FIT)' 2>/dev/null && echo $(name))))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start hundreds of processes; none of them should compile hundreds of modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test slow check docs mutation format set-up clean distclean
.DELETE_ON_ERROR:

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 14

demo: $(STAMP) ## Synthetic notes -> dataset -> base score -> LoRA -> tuned score -> demo/run/report/index.html
	$(BIN)/nosology demo --out demo

test: $(STAMP) ## The default tests: CPU, no network but loopback, some minutes on two cores
	HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m '$(MARKS)'

slow: MARKS := slow and not gpu and not shared
slow: test ## The tests that take minutes each; before a release

check: $(STAMP) ## Formatting, lint, types, layers, and that the generated pages are fresh
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

mutation: $(STAMP) ## Plant each known fault in a copy of the source; every one must make a test fail
	$(BIN)/python tests/mutation/plant.py

docs: $(STAMP) ## Write the generated reference pages and figures; with a demo and Chromium, README's picture too
	$(BIN)/python docs/generate.py
	@if [ -e demo/run/report/index.html ] && command -v chromium >/dev/null; then $(BIN)/python docs/pictures.py demo/run; fi

format: $(STAMP) ## Format the code and fix what the linter can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

set-up: $(STAMP) ## Make .venv with everything that demo, tests, checks and benchmarks need

$(STAMP): pyproject.toml constraints.txt scripts/set_up.py
	@test -n "$(PYTHON)" || { echo "needs Python 3.11 or newer with its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 2; }
	@$(PYTHON) scripts/set_up.py --venv $(VENV) --torch '$(TORCH)' --goal $(GOAL) $(if $(ACCEPT_CUDA),--accept-cuda)

clean: ## Remove the demo's output and all caches; .venv stays
	rm -rf demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks docs scripts -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## clean, and remove .venv
	rm -rf $(VENV)
