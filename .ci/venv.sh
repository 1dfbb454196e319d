#!/bin/sh
# venv.sh PYTHON DIRECTORY: a virtual environment with everything pinned and the project editable.
# Not for: users; install.sh makes theirs.
set -eu
python=$1 venv=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "make: $python is not Python 3.11 or newer. Name one: make test PYTHON=python3.12" >&2
    exit 1
}
if command -v uv >/dev/null 2>&1; then
    export UV_PYTHON_DOWNLOADS=never
    [ -x "$venv/bin/python" ] || uv venv --quiet --seed --python "$python" "$venv"
    install() { uv pip install --quiet --python "$venv/bin/python" "$@"; }
else
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv" || {
        echo "make: $python cannot make a virtual environment. On Debian: apt install python3-venv. Or put uv on PATH." >&2
        rm -rf "$venv"
        exit 1
    }
    install() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet install "$@"; }
fi
install --require-hashes -r requirements.txt -r requirements-dev.txt -r requirements-build.txt
# Last and without dependencies: nothing unpinned gets in, not even the build backend.
install --no-deps --no-build-isolation --editable .
