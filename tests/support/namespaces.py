"""A network of its own for one test: nothing in it but what the test puts there. Not for: what is wrong in it."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

_number = itertools.count()


@functools.cache
def missing() -> str:
    """Why tests with network namespaces cannot run here; "" when they can."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    for program in ("ip", "iptables"):
        if shutil.which(program) is None:
            return f"there is no program {program}"
    try:
        with Namespace():
            return ""
    except subprocess.CalledProcessError as error:
        return error.stderr.decode("utf-8", "replace").strip()


class Namespace:
    """Use as a context manager. `resolver`: the DNS server that programs inside ask, "" for none."""

    def __init__(self, resolver: str = "127.0.0.1", black_hole: str = "") -> None:
        self.name = f"agtest{os.getpid()}x{next(_number)}"
        self._resolver = resolver
        self._black_hole = black_hole  # an address whose network swallows every packet
        self._files = Path("/etc/netns") / self.name

    @property
    def prefix(self) -> list[str]:
        """What to put before a command so that it runs inside."""
        return ["ip", "netns", "exec", self.name]

    def __enter__(self) -> Self:
        self._files.mkdir(parents=True)
        (self._files / "resolv.conf").write_text(f"nameserver {self._resolver}\n")
        self._ip("netns", "add", self.name)
        try:
            self._ip("-n", self.name, "link", "set", "lo", "up")
            if self._black_hole:
                # a pair whose other end is nobody's address: what is sent there is neither answered nor refused
                self._ip("-n", self.name, "link", "add", "hole", "type", "veth", "peer", "name", "bottom")
                self._ip("-n", self.name, "addr", "add", self._black_hole, "dev", "hole")
                self._ip("-n", self.name, "link", "set", "hole", "up", "arp", "off")
                self._ip("-n", self.name, "link", "set", "bottom", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, timeout=30)
        shutil.rmtree(self._files, ignore_errors=True)

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)
