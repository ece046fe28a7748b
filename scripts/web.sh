#!/bin/sh
# Builds the web page into web/dist, unless it is there as the sources have it. Where it cannot be built the API serves a
# plain form instead, so this says why in one line, and fails; whoever can do without goes on.
set -eu
cd "$(dirname "$0")/.."
log=.cache/web.log
stamp=web/dist/.built-from

fail() {
    echo "web page: $*; the API serves a plain form instead" >&2
    exit 1
}

node=$(node --version 2>/dev/null) || fail "no Node here"
major=${node#v}
[ "${major%%.*}" -ge 20 ] || fail "Node 20 or newer is needed, here is $node"
command -v npm >/dev/null || fail "no npm here"

built_from() {
    {
        echo "$node"
        find web/src web/index.html web/*.json web/*.ts sdk/typescript/src samples/demo.mp3 -type f | LC_ALL=C sort | xargs cat
    } | cksum
}

mkdir -p .cache
# Two that start together build once.
exec 9>.cache/web.lock
if command -v flock >/dev/null; then flock 9; fi
wanted=$(built_from)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi
echo "web page: building it; its tools are about 40 MB to fetch the first time" >&2
if ! { scripts/npm_ci.sh web && npm --prefix web run --silent build; } >"$log" 2>&1; then
    fail "it could not be built (npm's words: $log)"
fi
echo "$wanted" >"$stamp"
