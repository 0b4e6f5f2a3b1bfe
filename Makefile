# `make help` lists what there is; everything works on a machine with only Python >= 3.11 and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SOURCES := webhooks workers api bench examples tests

.DEFAULT_GOAL := help
SCENARIOS := drain latency shapes growth pages storm memory start receiving isolation costs idle waiting

.PHONY: help up demo test check lint format types contracts dist matrix smoke chaos bench audit fuzz lock clean $(SCENARIOS)

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(INSTALLED): requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Hookline needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "setting up $(VENV) …"
	@$(PYTHON) -m venv $(VENV) && date +%s > $(VENV)/.began
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "$(VENV) was set up in $$(( $$(date +%s) - $$(cat $(VENV)/.began) )) s"
	@touch $@

up: $(INSTALLED) ## set up and run everything, on an embedded Redis; Ctrl-C stops it
	@exec $(BIN)/hookline up

demo: $(INSTALLED) ## in a second terminal: one event through all four lanes
	@exec $(BIN)/hookline demo

test: $(INSTALLED) ## set up and run all tests, on a Redis of their own
	$(BIN)/python -m pytest

check: lint types contracts ## what CI runs: lint, types, contracts, tests with branch coverage
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

lint: $(INSTALLED) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(INSTALLED) ## let ruff mend and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

contracts: $(INSTALLED) ## which package may import which
	$(BIN)/lint-imports

smoke: $(INSTALLED) ## the containers: our image in a cluster of pytest-celery, and docker compose; needs an engine
	$(BIN)/python -m pytest tests/smoke

chaos: $(INSTALLED) ## kill, freeze and restart everything under load, count, write docs/reliability.md
	$(BIN)/python -m bench.chaos --write

bench: $(INSTALLED) ## measure against what one would use instead, write docs/benchmarks.md; one, at full size: make bench -- NAME
	$(BIN)/python -m bench $(filter-out bench,$(MAKECMDGOALS))

fuzz: $(INSTALLED) ## 100,000 random and mutated webhooks at the door of every scheme
	FUZZ_REQUESTS=100000 $(BIN)/python -m pytest --timeout 3600 tests/api/test_fuzz_door.py

audit: $(INSTALLED) ## known vulnerabilities and licences of what is installed, and an SBOM (build/sbom.json)
	@mkdir -p build
	$(BIN)/pip-licenses --format=markdown --order=license
	$(BIN)/pip-audit --disable-pip --require-hashes -r requirements/runtime.lock --progress-spinner off \
		--format cyclonedx-json --output build/sbom.json
	$(BIN)/pip-audit --disable-pip --require-hashes -r requirements/runtime.lock --progress-spinner off --strict

dist: $(INSTALLED) ## build sdist and wheel into dist/; refuses when this commit's tag is of another version
	@version=$$($(BIN)/python -c 'import webhooks; print(webhooks.__version__)'); \
		tag=$$(git tag --points-at HEAD 2>/dev/null | grep '^v' | head -1); \
		[ -z "$$tag" ] || [ "$$tag" = "v$$version" ] || { echo "the tag is $$tag, the version $$version" >&2; exit 1; }
	rm -rf dist build
	$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist
	@ls -l dist

matrix: $(INSTALLED) ## end-to-end tests on every server and broker that is installed here
	$(BIN)/python -m bench.matrix

lock: $(INSTALLED) ## resolve the dependencies anew into requirements/
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes pyproject.toml -o requirements/runtime.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes pyproject.toml --group dev -o requirements/dev.lock
	echo kubernetes-validate | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes -c requirements/dev.lock - -o requirements/manifests.lock

clean: ## remove what was built; data in ./var stays
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

# `make bench -- drain`: the name is a goal too, of which bench has taken care
$(SCENARIOS):
	@:
