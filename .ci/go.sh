#!/bin/bash
# Source this. A Go that builds what tests need, on a machine without one. Not for: users; only tests are built with it.

install_go() { # FOLDER where it is kept. Puts it on PATH
    local module place
    PATH=$PATH:/usr/local/go/bin # where Go's own installer puts it
    # From 1.21 on, a Go fetches a newer one by itself.
    ! go version 2>/dev/null | grep -Eq ' go1\.(2[1-9]|[3-9][0-9])' || return 0
    PATH=$1/bin:$PATH
    [ ! -x "$1/bin/go" ] || return 0
    install_packages golang-go
    # Debian's is older; but a newer one is a module like any other, if it is asked for by name.
    module=golang.org/toolchain@v0.0.1-go$(sed -n 's/^go //p' tests/tools/deck/go.mod).linux-$(dpkg --print-architecture)
    place=$(mktemp -d)
    (cd "$place" && go mod init fetching && GOFLAGS=-mod=mod go mod download "$module") >/dev/null
    rm -rf "$place" "$1"
    cp -r "$(go env GOMODCACHE)/$module" "$1.unfinished"
    chmod -R u+w "$1.unfinished"
    chmod +x "$1.unfinished"/bin/* "$1.unfinished"/pkg/tool/*/*
    mv "$1.unfinished" "$1"
    hash -r
}
