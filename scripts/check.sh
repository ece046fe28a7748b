#!/bin/sh
# What a change must pass before it is shown to anybody: format, lint, types, import contracts, unit tests.
set -eu
cd "$(dirname "$0")/.."
bin=${VENV:-.venv}/bin
step() {
    echo "check: $1"
    shift
    "$@"
}
step format "$bin/python" -m ruff format --quiet --check .
step lint "$bin/python" -m ruff check --quiet .
step types "$bin/python" -m mypy
step "import contracts" "$bin/lint-imports"
step "unit tests" "$bin/python" -m pytest -q tests/unit
echo "check: all passed"
