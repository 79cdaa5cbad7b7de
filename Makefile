# Two commands matter: `make run` serves the dashboard, `make test` passes the tests. Both set up what they need.
PORT ?= 8501
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test bench soak format refresh messages lock clean

help: ## what one can type
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: .venv/.ready ## set up, build the store if there is none, serve on http://127.0.0.1:8501 (PORT= for another)
	@$(BIN)/python -m data build
	@echo "Lepton Atlas is served on http://127.0.0.1:$(PORT) - stop it with Ctrl-C"
	@exec $(BIN)/python -m streamlit run dashboard/asgi.py --server.port $(PORT)

test: .venv/.ready-dev ## lint, import contracts, unit, page and browser tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

bench: .venv/.ready-dev ## measure what the README claims; prints a table, writes bench.json
	@$(BIN)/python tests/benchmarks/run.py

soak: .venv/.ready-dev ## 50 readers, a writer a second and imports for MINUTES (20), on this machine only
	@$(BIN)/python tests/benchmarks/run.py soak

refresh: .venv/.ready ## fetch what changed from the World Bank
	@$(BIN)/python -m data refresh

format: .venv/.ready-dev ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

messages: .venv/.ready-dev ## bring the translation catalogue up to date with the code
	@$(BIN)/python -m dashboard.i18n.extract

clean: ## remove the environment and what tests left (never the store)
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info bench.json

.venv/bin/python:
	@echo "Setting up .venv (once, some minutes) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "No venv module: apt-get install python3-venv, then again"; exit 1; }

# Every file is checked against its hash, but torch: which build of it fits (CPU, CUDA) depends on machine and registry.
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check
TORCH = $$(grep '^torch==' requirements.txt)

.venv/.ready: requirements.lock pyproject.toml | .venv/bin/python
	@$(INSTALL) --require-hashes --no-deps -r requirements.lock
	@$(INSTALL) "$(TORCH)"
	@$(INSTALL) --no-deps -e .
	@touch $@

.venv/.ready-dev: requirements-dev.lock .venv/.ready
	@$(INSTALL) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

lock: .venv/bin/python ## write the lock files anew after a change of requirements*.txt
	@$(INSTALL) uv==0.13.9
	@for name in requirements requirements-dev; do \
		$(BIN)/uv pip compile $$name.txt --universal --generate-hashes --python-version 3.11 --quiet --no-header \
			--no-annotate --no-emit-package torch --excludes requirements-builds.txt -o $$name.lock || exit 1; done
