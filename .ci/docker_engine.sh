#!/bin/bash
# Source this. A Docker engine on a machine without systemd. Not for: users; they bring their own engine.
docker_engine_pid=

install_packages() { # NAME...: those that are missing
    local missing=() name
    for name in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return
    apt-get update -qq </dev/null
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

docker_answers() { timeout 10 docker version >/dev/null 2>&1; }

start_docker_engine() { # LOG
    docker_answers && return
    command -v dockerd >/dev/null || install_packages docker.io iptables cgroupfs-mount
    docker_answers && return
    # dockerd refuses to start without the control groups, which an init system would have mounted.
    ! command -v cgroupfs-mount >/dev/null || cgroupfs-mount 2>/dev/null || true
    if [ -s /var/run/docker.pid ] && ! kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null; then rm /var/run/docker.pid; fi
    # A session of its own and a file for its output: a daemon that holds the caller's pipes keeps the caller waiting.
    setsid dockerd >"$1" 2>&1 </dev/null &
    docker_engine_pid=$!
    for _ in $(seq 300); do
        docker_answers && return
        kill -0 "$docker_engine_pid" 2>/dev/null || break
        sleep 0.1
    done
    echo "dockerd does not answer; the last lines of $1 that are not about success:" >&2
    grep -v level=info "$1" | tail -n 5 >&2
    return 1
}

stop_docker_engine() { # only the one started here
    [ -n "$docker_engine_pid" ] || return 0
    kill "$docker_engine_pid" 2>/dev/null || true
    wait "$docker_engine_pid" 2>/dev/null || true
}
