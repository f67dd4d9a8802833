# Every command of the project. Each target does its own set-up; a second call finds it done.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# `make run PORT=8080`, `make run ARGS="--no-demo"`, `make test ARGS="tests/engine -k cancel"`, `make test PYTHON=python3.13`
PYTHON ?=
PORT ?= 5000
# Not taken from the environment: some shells export HOST as the machine's name, and that would be a public address.
HOST = 127.0.0.1
ARGS =

# It compares times, which mean nothing where every line is counted.
MEASURED := tests/benchmarks/test_benchmarks.py

BIN := .venv/bin
export PYTHON

.PHONY: help run test check format coverage bench soak screenshots setup setup-dev browser tinydb-tests clean

help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: setup  ## Start the panel with a real workload (PORT, HOST, ARGS)
	@exec $(BIN)/python wsgi.py --demo --host "$(HOST)" --port "$(PORT)" $(ARGS)

test: setup-dev browser tinydb-tests  ## Run all tests, the checks among them (ARGS go to pytest)
	@exec $(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(ARGS)

check: setup-dev  ## Lint, formatting, types and import rules (ARGS names some of them)
	@exec $(BIN)/python -m scripts.check $(ARGS)

format: setup-dev  ## Mend formatting and what the linter can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@exec $(BIN)/ruff format .

coverage: setup-dev browser tinydb-tests  ## Run the tests and report the lines and branches they miss
	@exec $(BIN)/python -m pytest --numprocesses 2 --dist worksteal --cov --cov-report=term-missing:skip-covered \
		--ignore=$(MEASURED) $(ARGS)

bench: setup-dev browser  ## Measure, and print the tables that the docs quote
	@$(BIN)/python -m benchmarks.peers
	@exec $(BIN)/python -m benchmarks $(ARGS)

soak: setup-dev  ## Load a real server at random for ten minutes; what it uses must not grow (ARGS="--seconds 20")
	@exec $(BIN)/python -m tests.soak $(ARGS)

screenshots: setup-dev browser  ## Take the pictures of the README anew
	@exec $(BIN)/python -m scripts.screenshots $(ARGS)

setup:  ## Only make .venv with what running needs
	@scripts/ensure_venv run

setup-dev:  ## Only make .venv with what tests and checks need as well
	@scripts/ensure_venv dev

browser: setup-dev  ## Only bring in Chromium for the browser tests
	@exec $(BIN)/python -m scripts.chromium

tinydb-tests: setup-dev  ## Only fetch TinyDB's own tests, which the store must pass
	@exec $(BIN)/python -m scripts.fetch_tinydb

clean:  ## Remove everything that the targets made
	rm -rf .venv .cache build dist htmlcov test-results .coverage .coverage.* *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
