#!/bin/sh
# Makes requirements/*.lock anew from pyproject.toml; versions stay unless UPGRADE=1. Needs uv (it is in the dev extra).
# One resolution for all: dev first, the smaller ones constrained by it, so that one version of each package exists.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
compile() {
    "$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
        --python-version 3.11 pyproject.toml "$@"
}
compile --extra api --extra worker --extra local --extra dev ${UPGRADE:+--upgrade} -o requirements/dev.lock
compile --extra api --extra cli -c requirements/dev.lock -o requirements/api.lock
compile --extra worker -c requirements/dev.lock -o requirements/worker.lock
compile --extra worker --extra gpu -c requirements/dev.lock -o requirements/worker-gpu.lock
compile --extra api --extra worker --extra local -c requirements/dev.lock -o requirements/local.lock
compile --extra load -o requirements/load.lock
