# Two commands do all the set-up on a machine with Python (3.11 or newer), git and make: `make demo` and `make test`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: help demo test lint format golden bench clean

help:
	@echo "make demo    pin a small project against images in an OCI layout: no network, no account"
	@echo "make test    run every check and test"
	@echo "make lint    ruff, mypy and import-linter alone"
	@echo "make format  format the code"
	@echo "make golden  rewrite the expected files of the golden cases (read the diff)"
	@echo "make bench   time check and pin on generated trees"

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python -m compileall -q pinner
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/python -m pinner demo

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/test_golden.py --update-golden

bench: $(VENV)/.installed-dev
	$(BIN)/python bench/check_tree.py
	$(BIN)/python bench/resolve.py

clean:
	rm -rf $(VENV) .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
