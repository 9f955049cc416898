PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 5000
CORPUS ?= field
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

$(VENV)/installed: pyproject.toml constraints.txt hatch_build.py $(wildcard web/frontend/*.json web/frontend/src/*)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/developed: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

run: $(VENV)/installed  ## build the corpus (CORPUS=field), check it and serve it on http://127.0.0.1:5000
	$(BIN)/bustadgraf build $(CORPUS)
	$(BIN)/bustadgraf serve --host $(HOST) --port $(PORT)

test: $(VENV)/developed  ## lint, types and all tests, in a real browser too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/bring_browser.py
	$(BIN)/python tests/bring_comunica.py
	$(BIN)/pytest --numprocesses 2 --dist loadfile

format: $(VENV)/developed  ## put the code in its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what was built here
	rm -rf $(VENV) bustadgraf-out web/static/dist web/frontend/node_modules .pytest_cache .mypy_cache .ruff_cache .build

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/'

.PHONY: run test format clean help
