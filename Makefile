# Everything runs in .venv, which these targets build themselves. Needs Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO_READY := $(VENV)/.ready-demo
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: setup demo test check docs benchmarks clean

setup: $(READY)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headstart needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

$(DEMO_READY): $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) torch
	$(PIP) -e '.[demo]'
	@touch $@

$(READY): $(DEMO_READY)
	$(PIP) --group dev
	@touch $@

demo: $(DEMO_READY)
	$(BIN)/headstart demo --out demo

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A thread a worker: the threads of BLAS wait by spinning, and each other out where all cores work.
# What measures seconds comes last, with nothing beside it.
test: check
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto -m 'not slow and not alone'
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -m 'alone and not slow'

slow: $(READY)
	$(BIN)/python -m pytest -m slow

docs: $(READY)
	$(BIN)/python -m docs.generate

benchmarks: $(READY)
	$(PIP) --group benchmarks
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
