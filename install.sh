#!/bin/sh
# Installs the AI gateway for the user who runs this, then starts `ai-gateway setup` with the arguments given.
# No sudo, no edits to profiles: ${XDG_DATA_HOME:-~/.local/share}/ai-gateway and a link in ~/.local/bin. Not for: asking.
# shellcheck disable=SC2317 # the last `exit` is for a main that returns
{ # A shell reads on to the brace in the last line before it does anything: a download cut short has no effect.
set -eu
PROJECT=ai-gateway-quickstart temporary='' new='' lock='' child='' log=/dev/null

say() { printf '%s\n' "$@" >&2; }
die() { printf 'install: ' >&2 && say "$@" && exit 3; }

usage() {
    echo "usage: install.sh [--yes] [any option of \"ai-gateway setup\"]
  --yes              ask nothing: keys from the environment, model servers found on this machine, else a built-in model
Environment:
  AI_GATEWAY_PYTHON  the Python to use, 3.11 or newer (the newest on PATH)
  AI_GATEWAY_SOURCE  a wheel, a source archive, a directory or a package name (this checkout, else $PROJECT)
  AI_GATEWAY_SHA256  refuse a wheel or archive with another sha256"
}

cleanup() {
    [ -z "$child" ] || kill "$child" 2>/dev/null || :
    for path in "$new" "$temporary" "$lock"; do [ -z "$path" ] || rm -rf "$path"; done
    child='' new='' temporary='' lock=''
}

# In the background and waited for, so that a signal acts at once; never with the terminal or the script as input.
quietly() {
    PYTHONSAFEPATH=1 "$@" >>"$log" 2>&1 </dev/null &
    child=$! status=0
    wait "$child" || status=$?
    child=''
    return "$status"
}

step() {
    quietly "$@" && return
    say "install: this failed: $*" "Nothing was changed. The last lines of $log:"
    tail -n 15 "$log" | sed 's/^/  /' >&2
    exit 3
}

find_python() { # 3.11 brought -P, so an older one fails
    for candidate in ${AI_GATEWAY_PYTHON:+"$AI_GATEWAY_PYTHON"} python3.13 python3.12 python3.11 python3 python; do
        python=$("$candidate" -P -c 'import sys, ssl, venv; print(sys.executable)' 2>/dev/null </dev/null) && return
        [ -z "${AI_GATEWAY_PYTHON:-}" ] || die "AI_GATEWAY_PYTHON=$AI_GATEWAY_PYTHON is not a Python 3.11 or newer."
    done
    die 'Python 3.11 or newer was not found on PATH.' '  Type:  sudo apt install python3-venv' \
        '  Or:    AI_GATEWAY_PYTHON=/path/to/python3 sh install.sh'
}

# A link is made in one step and carries its owner's process id as its target.
take_lock() {
    if ! ln -s "$$" "$1" 2>/dev/null; then
        owner=$(readlink "$1") || die "cannot write to ${1%/*}."
        ! kill -0 "$owner" 2>/dev/null || die "another installation is running (process $owner)." "  If not:  rm $1"
        mv "$1" "$1.$$" && rm "$1.$$" && take_lock "$1"
    fi
    lock=$1
}

# Sets `source`, `kind` and `content`; by the last it is known whether there is anything to do.
find_source() {
    source=${AI_GATEWAY_SOURCE:-$PROJECT} kind=name
    if [ -n "${AI_GATEWAY_SOURCE:-}" ]; then
        [ ! -d "$source" ] || kind=directory
        [ ! -f "$source" ] || kind='file'
        case $kind:$source in
            name:https://*) ;;
            name:*/* | name:*.whl | name:*.gz) die "AI_GATEWAY_SOURCE=$source: no such file or directory." ;;
        esac
    elif [ -f "$0" ]; then
        here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
        ! grep -qs "^name = \"$PROJECT\"" "$here/pyproject.toml" || source=$here kind=directory
    fi
    content=$("$python" -P -c 'import hashlib, pathlib, sys
kind, source = sys.argv[1], pathlib.Path(sys.argv[2])
digest = hashlib.sha256({"name": sys.argv[2].encode, "file": source.read_bytes, "directory": bytes}[kind]())
for part in ("*.toml", "*.txt", "quickstart/**/*", "gateway_image/**/*", "templates/*") if kind == "directory" else ():
    for path in sorted(p for p in source.glob(part) if p.is_file() and p.suffix != ".pyc"):
        digest.update(b"%s %d " % (str(path.relative_to(source)).encode(), path.stat().st_size) + path.read_bytes())
print(digest.hexdigest())' "$kind" "$source") || die "cannot read $source."
    case $kind:${AI_GATEWAY_SHA256:-} in
        *: | "file:$content") ;;
        file:*) die "the sha256 of $source is $content," "  not $AI_GATEWAY_SHA256. Nothing was installed." ;;
        directory:*) die 'AI_GATEWAY_SHA256 is for a wheel or an archive, not for a directory.' ;;
        name:*) content=$content-$AI_GATEWAY_SHA256 ;;
    esac
}

# Makes $new and sets `tool`, which installs packages into it.
make_environment() {
    if command -v uv >/dev/null 2>&1; then
        tool=uv
        step uv venv --quiet --python "$python" "$new"
        return
    fi
    step "$python" -m venv --without-pip "$new"
    tool=outer
    cd "$temporary" # Debian's python3 alone comes without any pip: apt brings one, and needs no root for that
    if find_wheel /usr/share/python-wheels || { ! quietly "$python" -m pip --python "$new/bin/python" --version &&
        quietly apt-get download -q python3-pip-whl && quietly dpkg-deb -x ./*.deb . && find_wheel "$PWD/usr"; }; then
        tool=wheel
        step "$python" -m zipfile -e "$wheel" "$temporary/pip"
    fi
    cd "$start"
    [ "$tool" = wheel ] || quietly "$python" -m pip --version ||
        die "$python has neither ensurepip nor pip." '  Type:  sudo apt install python3-venv' '  Or put uv on PATH.'
}

find_wheel() {
    wheel=$("$python" -P -c 'import importlib.util, pathlib, sys
places = [*getattr(importlib.util.find_spec("ensurepip"), "submodule_search_locations", ()), sys.argv[1]]
print(*[path for place in places for path in pathlib.Path(place).rglob("pip-*.whl")][:1])' "$1") && [ -n "$wheel" ]
}

packages() {
    case $tool in
        uv) step uv pip install --quiet --python "$new/bin/python" "$@" ;;
        outer) step "$python" -m pip --python "$new/bin/python" install "$@" ;;
        wheel) step env PYTHONPATH="$temporary/pip" "$new/bin/python" -m pip install "$@" ;;
    esac
}

install_project() {
    case $kind:$source in
        name:*)
            echo "$source${AI_GATEWAY_SHA256:+ --hash=sha256:$AI_GATEWAY_SHA256}" >"$temporary/name"
            packages --no-deps -r "$temporary/name" ;;
        file:*.whl) packages --no-deps "$source" ;;
        *)
            tree=$source
            if [ "$kind" = file ]; then
                step "$python" -P -c 'import sys, tarfile as t # whose filter is missing before 3.11.4
t.open(sys.argv[1]).extractall(sys.argv[2], **({"filter": "data"} if hasattr(t, "data_filter") else {}))' "$source" "$temporary/source"
                tree=$(echo "$temporary"/source/*)
            fi
            # The build back end is pinned by hash too, and stays out of the environment.
            packages --target "$temporary/build" --require-hashes -r "$tree/requirements-build.txt"
            cd "$tree"
            step env PYTHONPATH="$temporary/build" "$new/bin/python" -m hatchling build -t wheel -d "$temporary/wheel"
            cd "$start"
            packages --no-deps "$temporary"/wheel/*.whl ;;
    esac
    packages --require-hashes -r "$("$new/bin/python" -P -c 'from importlib.resources import files
print(files("quickstart") / "resources/requirements.txt")')"
    step "$new/bin/ai-gateway" --version
}

# One rename makes the new environment the current one: `ai-gateway` is the old or the new one, never neither.
put_in_place() {
    printf '%s\n' "source=$source" "content=$content" "python=$python" "launcher=$launcher" >"$new/receipt"
    ln -s "${new##*/}" "$new.link"
    "$python" -P -c 'import os, sys; os.replace(*sys.argv[1:])' "$new.link" "$data/venv"
    for old in "$data"/venv-*; do [ "$old" = "$new" ] || [ "$old" = "$previous" ] || rm -rf "$old"; done
    new=''
}

main() {
    case " $* " in *' --help '* | *' -h '*) usage && exit ;; esac
    unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
    export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_PYTHON_DOWNLOADS=never
    start=$PWD
    [ -n "${HOME:-}" ] || die 'HOME is not set.' '  Type:  HOME=/your/home/directory sh install.sh'
    case ${XDG_DATA_HOME:-} in /*) data=$XDG_DATA_HOME/ai-gateway ;; *) data=$HOME/.local/share/ai-gateway ;; esac
    launcher=$HOME/.local/bin/ai-gateway
    find_python
    find_source
    mkdir -p "$data" "${launcher%/*}" || die "these directories are needed: $data, ${launcher%/*}"
    trap cleanup EXIT; trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
    take_lock "$data/install.lock"
    if [ -e "$launcher" ] && [ "$(readlink "$launcher")" != "$data/venv/bin/ai-gateway" ]; then
        say "install: $launcher is not ours and stays as it is. Ours is $data/venv/bin/ai-gateway."
        launcher=$data/venv/bin/ai-gateway
    fi
    previous=$data/$(readlink "$data/venv" || :)
    if grep -qsxF "content=$content" "$data/venv/receipt" && grep -qxF "python=$python" "$data/venv/receipt" &&
        quietly "$data/venv/bin/ai-gateway" --version; then
        say "ai-gateway is installed in $data and up to date."
    else
        log=$data/install.log temporary=$(mktemp -d) new=$data/venv-$(date +%Y%m%d%H%M%S)-$$
        : >"$log"
        say "Installing $source with $python into $data"
        make_environment
        install_project
        put_in_place
        say "Installed: $("$data/venv/bin/ai-gateway" --version)"
    fi
    [ -e "$launcher" ] || ln -sf "$data/venv/bin/ai-gateway" "$launcher"
    cleanup
    case ":$PATH:" in *":${launcher%/*}:"*) ;; *) say "For this terminal:  export PATH=\"${launcher%/*}:\$PATH\"" ;; esac
    case " $* ${AI_GATEWAY_YES:+--yes} " in *' --yes '* | *' -y '*) exec "$launcher" setup "$@" </dev/null ;; esac
    [ ! -t 0 ] || exec "$launcher" setup "$@"
    ! (: </dev/tty) 2>/dev/null || exec "$launcher" setup "$@" </dev/tty
    die 'there is no terminal to ask questions on. Installed; nothing is configured.' \
        "  In a terminal:   $launcher setup" "  Without asking:  OPENAI_API_KEY=... $launcher setup --yes"
}

main "$@"; exit $?; }
