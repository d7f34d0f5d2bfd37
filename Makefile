# Sets up all that it needs on first use: Python 3.11 or 3.12, and nothing else. `make help` lists it.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help demo test test-docker check bench crash

help:
	@echo 'make demo    see it work, in less than a minute'
	@echo 'make test    run all tests'
	@echo 'make check   style and types'
	@echo 'make bench   measure, and write docs/benchmarks.md'
	@echo 'make crash   kill live runs and replays forty times, and compare what they leave'
	@echo 'make test-docker   build the image, and bring up docker/compose.yaml with stand-ins'
	@echo
	@echo 'After any of them $(BIN)/liveloom is there; $(BIN)/liveloom --help lists its commands.'
	@echo 'PYTHON=/path/to/python chooses another Python 3.11 or 3.12 than the one found.'

demo: $(VENV)/.ready
	@$(BIN)/liveloom demo

test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest

test-docker: $(VENV)/.ready-dev
	$(BIN)/python -m pytest --timeout 1500 tests/docker

check: $(VENV)/.ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(VENV)/.ready-dev
	$(BIN)/python -m bench

crash: $(VENV)/.ready-dev
	$(BIN)/python -m tests.crash

# Found by asking each whether it can do what is needed: a name alone may be an empty shell of a
# version manager, and some systems pack `venv` apart. 3.11 runs it faster than 3.12 (ADR 8).
$(BIN)/python:
	@set -e; \
	for python in $(PYTHON) python3.11 python3.12 python3 python; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
	    2>/dev/null; then \
	    echo "setting up $(VENV) with $$("$$python" --version), once"; \
	    exec "$$python" -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo 'liveloom needs Python 3.11 or 3.12 with its venv module (on Debian and Ubuntu also' >&2; \
	echo 'python3.11-venv or python3.12-venv): install one, or say make PYTHON=/path/to/python' >&2; \
	exit 1

$(VENV)/.ready: requirements.lock pyproject.toml | $(BIN)/python
	@echo 'installing what it runs on'
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# Holds all of the other one too, so that has not to be done again.
$(VENV)/.ready-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo 'installing what it runs on, and what checks it'
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(VENV)/.ready $@
