#!/bin/sh
# Installs the tools of a JavaScript package as its lock has them, unless they are there: scripts/npm_ci.sh sdk/typescript.
# No package's own scripts are run.
set -eu
cd "$(dirname "$0")/../$1"
stamp=node_modules/.installed
wanted="$(cksum package-lock.json) node $(node --version)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
echo "$wanted" >"$stamp"
