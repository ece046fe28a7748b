#!/bin/sh
# Makes the virtual environment: scripts/setup.sh local (demo, up), dev (test, check) or load (Locust, in one of its own).
# May be broken off at any moment and run again: a stamp, written last, tells a finished environment from half a one.
# VENV names another folder than .venv, PYTHON the interpreter to begin with.
set -eu
cd "$(dirname "$0")/.."
what=$1
venv=${VENV:-.venv}
lock=requirements/$what.lock
stamp=$venv/stenopool-$what.stamp
log=.cache/setup.log

fail() {
    echo "setup: $*" >&2
    exit 1
}

# Megabytes from the package index and on the disk, measured on Linux x86-64 with Python 3.11.
case $what in
    local) download_mb=170 disk_mb=590 ;;
    dev) download_mb=220 disk_mb=770 ;;
    load) download_mb=40 disk_mb=150 ;;
    *) fail "usage: scripts/setup.sh local|dev|load" ;;
esac

# What a finished environment was made of. The folder is part of it: a moved environment has wrong paths inside.
made_of() {
    { pwd; "$venv/bin/python" -V; cat "$1"; sed -n '/^\[build-system/,/^\[tool/p' pyproject.toml sdk/python/pyproject.toml; } 2>/dev/null | cksum
}

is_ready() { # stamp, lock
    [ -f "$1" ] && [ "$(cat "$1")" = "$(made_of "$2")" ]
}

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_supported "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

make_venv() {
    python=$(find_python)
    [ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 is needed: apt-get install python3 python3-venv"
    # Debian leaves ensurepip out of python3; venv would fail with half an environment written.
    "$python" -c 'import ensurepip, venv' 2>/dev/null || fail "Python comes without venv here: apt-get install python3-venv"
    if [ -e "$venv" ]; then
        [ -f "$venv/pyvenv.cfg" ] || [ -z "$(ls -A "$venv")" ] || fail "$venv exists and is no virtual environment: move it away"
        rm -rf "$venv"
    fi
    "$python" -m venv "$venv" || { rm -rf "$venv"; fail "the virtual environment could not be made"; }
}

# One line for each large file that comes; the rest goes to the log.
show_large() {
    while read -r line; do
        echo "$line" >>"$log"
        case $line in
            *Downloading*' MB)' | *'Using cached'*' MB)') echo "  ${line#"${line%%[![:space:]]*}"}" ;;
        esac
    done
}

pip_install() {
    rm -f "$venv/pip-failed"
    { "$venv/bin/python" -m pip --disable-pip-version-check install --progress-bar off "$@" 2>&1 || touch "$venv/pip-failed"; } | show_large
    [ ! -e "$venv/pip-failed" ] && return
    grep '^ERROR' "$log" | tail -n 3 >&2 || true
    fail "the packages could not be installed; run the same command to go on (all of pip's words: $log)"
}

if is_ready "$stamp" "$lock"; then
    exit 0
fi
# What is enough for the tests is enough for the rest.
if [ "$what" = local ] && is_ready "$venv/stenopool-dev.stamp" requirements/dev.lock; then
    exit 0
fi

mkdir -p .cache
: >"$log"
echo "setup: Python packages into $venv: about $download_mb MB to fetch the first time, $disk_mb MB on the disk"
rm -f "$venv"/stenopool-*.stamp
if ! is_supported "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    make_venv
fi
pip_install --require-hashes --only-binary :all: -r "$lock"
# The project itself and its client: their build tools came with the lock, so nothing is fetched here. One after the other:
# an environment from before the client had the command from the project, and takes it away with its old self.
# Who only sends load has no use for either.
if [ "$what" != load ]; then
    pip_install --no-deps --no-build-isolation --no-index --editable .
    pip_install --no-deps --no-build-isolation --no-index --editable sdk/python
fi
made_of "$lock" >"$stamp.new"
mv "$stamp.new" "$stamp"
echo "setup: ready"
