# Everything runs from .venv, which is made when it is missing or older than pyproject.toml.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check fix generate golden clean

demo: $(STAMP)
	@$(BIN)/tablewright demo

test: $(STAMP)
	@$(BIN)/python -m pytest -q -n 2 -m "not slow"

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/tablewright generate --check
	$(BIN)/python -m pytest -q -n 2 -m "not slow"
	$(BIN)/python -m pytest -q -n 2 -m slow

fix: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/black --quiet .

generate: $(STAMP)
	$(BIN)/tablewright generate

golden: $(STAMP)
	$(BIN)/python -m pytest -q tests/test_cases.py --update-golden

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache dist

$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: Python 3.11 or newer is needed, and $(PYTHON) was not found: install it or say make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or newer is needed: say make PYTHON=/path/to/python3.11"; exit 1; }
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(STAMP)
