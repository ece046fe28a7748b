# The commands of the project; `make help` tells them. Each sets up what it needs.
VENV ?= .venv
PYTHON_BIN := $(VENV)/bin/python
export VENV
SECONDS ?= 600
THOROUGH ?= 20

# FILE and MODEL count only when given on the command line, and go to the shell as they are, with spaces and signs.
ifneq ($(origin FILE),command line)
override FILE :=
else
override FILE := $(value FILE)
endif
ifneq ($(origin MODEL),command line)
override MODEL :=
else
override MODEL := $(value MODEL)
endif
export FILE MODEL
# Compiled once, not at every start of every process: where this is set, each begins by compiling the whole program.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo up test check format fuzz fuzz-media walk bench chaos samples lock audit openapi web screenshots sdk-ts sdk-types secrets load dashboards clean

help: ## Tells the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

demo: ## Transcribes the sample with real processes (FILE=talk.mp3 your own, MODEL=base with Whisper weights)
	@started=$$(date +%s); scripts/setup.sh local && \
		exec $(PYTHON_BIN) -m stenopool.cli demo --file="$$FILE" --model="$$MODEL" --started="$$started"

up: ## Runs the whole platform on this machine until Ctrl-C (MODEL=base with Whisper weights)
	@scripts/setup.sh local && { scripts/web.sh || true; } && exec $(PYTHON_BIN) -m stenopool.cli up --model="$$MODEL"

test: ## Runs all tests (ARGS="-k name" for some)
	@scripts/setup.sh dev && exec $(PYTHON_BIN) -m pytest --numprocesses=auto --maxprocesses=4 $(ARGS)

check: ## Checks format, lint, types, import contracts and runs the unit tests
	@scripts/setup.sh dev && exec scripts/check.sh

format: ## Formats the code
	@scripts/setup.sh dev && $(PYTHON_BIN) -m ruff format . && $(PYTHON_BIN) -m ruff check --fix .

fuzz: ## Asks a running stack whatever its OpenAPI document allows, for ten minutes (SECONDS=60, SEED=7)
	@scripts/setup.sh dev && STENOPOOL_FUZZ_S=$(SECONDS) STENOPOOL_FUZZ_SEED=$(SEED) \
		exec $(PYTHON_BIN) -m pytest -s tests/acceptance/test_openapi_fuzz.py

fuzz-media: ## Sends damaged recordings through the decoder (FILES=2000, SEED=7, KEEP=folder for those that end badly)
	@scripts/setup.sh dev && exec $(PYTHON_BIN) -m tests.integration.decode.fuzz_media \
		$(if $(FILES),--files $(FILES)) $(if $(SEED),--seed $(SEED)) $(if $(KEEP),--keep "$(KEEP)")

walk: ## Walks through the ledger's model and its scripts, far and on fresh paths (THOROUGH=100 for five times as far)
	@scripts/setup.sh dev && STENOPOOL_THOROUGH=$(THOROUGH) exec $(PYTHON_BIN) -m pytest \
		tests/unit/ledger/test_ledger_model.py tests/contract/ledger/test_scripts_against_model.py

bench: ## Measures the platform's own overhead for a short clip
	@scripts/setup.sh dev && exec $(PYTHON_BIN) -m bench.overhead

chaos: ## Kills everything at random for half an hour and measures the gates (ARGS="--rounds 1 --only rounds poison")
	@scripts/setup.sh dev && exec $(PYTHON_BIN) -m tests.chaos $(ARGS)

load: ## Sends load through the front door of a whole stack, for a minute (ARGS="--submit-rate 10 --run-time 120s")
	@scripts/setup.sh dev && VENV=.venv-load scripts/setup.sh load && exec $(PYTHON_BIN) -m tests.load $(ARGS)

samples: ## Makes the committed recordings anew (needs espeak-ng and flite)
	@scripts/setup.sh dev && exec $(PYTHON_BIN) scripts/make_samples.py

lock: ## Makes requirements/*.lock anew from pyproject.toml (UPGRADE=1 takes newer versions)
	@scripts/setup.sh dev && UV=$(VENV)/bin/uv exec scripts/lock.sh

audit: ## Asks about known vulnerabilities of the locked packages (needs the network)
	@scripts/setup.sh dev && UV=$(VENV)/bin/uv exec scripts/audit.sh

openapi: ## Writes docs/openapi.json and the tables of docs/reference/metrics.md anew
	@scripts/setup.sh dev && $(PYTHON_BIN) scripts/openapi.py && $(PYTHON_BIN) scripts/metrics_table.py

web: ## Builds the web page, which `make up` does by itself where there is Node 20 with npm
	@scripts/web.sh

screenshots: ## Makes the pictures of the documents anew (needs Node 20 with npm, and Chromium)
	@scripts/setup.sh dev && $(PYTHON_BIN) -m tests.browser.screenshots

sdk-ts: ## Builds the TypeScript client's distribution, dist/stenopool-client-*.tgz (needs Node 20 with npm)
	@scripts/npm_ci.sh sdk/typescript && mkdir -p dist && cd sdk/typescript && rm -rf dist && npm run --silent build && \
		npm pack --silent --pack-destination ../../dist

sdk-types: ## Writes the TypeScript client's types anew from docs/openapi.json (needs Node 20 with npm)
	@scripts/npm_ci.sh sdk/typescript && cd sdk/typescript && npm run --silent types

secrets: ## Makes the passwords and keys that docker compose wants, in secrets/; changes none that exists
	@python3 scripts/make_secrets.py

dashboards: ## Writes the dashboards of monitoring/grafana anew from scripts/dashboards
	@scripts/setup.sh dev && $(PYTHON_BIN) -m scripts.dashboards

clean: ## Removes the environment and all caches; data/ and models/ stay
	@for venv in "$(VENV)" .venv-load; do [ ! -f "$$venv/pyvenv.cfg" ] || rm -rf "$$venv"; done
	@rm -rf .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	@rm -rf sdk/typescript/node_modules sdk/typescript/dist web/node_modules web/dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
