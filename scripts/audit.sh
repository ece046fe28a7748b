#!/bin/sh
# Asks a public source (OSV) whether it knows of a vulnerability in a locked version of any package. Needs the network.
# pip-audit runs in an environment of its own: its dependencies are not ours. Fails also where it could not ask: with
# its usual source, a package that is not found there counts as harmless.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
version=2.10.1
failed=
for lock in api worker-gpu local dev load; do
    echo "audit: requirements/$lock.lock"
    "$uv" tool run --from "pip-audit==$version" pip-audit --vulnerability-service osv --strict \
        --disable-pip --require-hashes --progress-spinner off --requirement "requirements/$lock.lock" || failed="$failed $lock"
done
if [ -n "$failed" ]; then
    echo "audit: look at:$failed" >&2
    exit 1
fi
