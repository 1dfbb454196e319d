"""A real nginx on loopback that spreads requests over several gateways, and can take one of them out without dropping
what is under way. Not for: what the gateways do.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Self

from support.gateway_process import eventually, free_ports

_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@functools.cache
def missing() -> str:
    """Why tests with nginx cannot run here; "" when they can."""
    return "" if shutil.which("nginx") else "nginx is not installed; type: apt install nginx-light"


class Balancer:
    """`ports` are the gateways'. Streams are passed on as they come."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.port = free_ports(1)[0]
        self.folder = folder
        self._ports = ports
        self._out: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)

    def _write(self) -> None:
        servers = "".join(f"server 127.0.0.1:{port}{' down' if port in self._out else ''};" for port in self._ports)
        places = "".join(f"{name}_temp_path {self.folder}/{name};" for name in _PATHS)
        (self.folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {self.folder}/pid; error_log stderr notice;\n"
            "events { worker_connections 8192; }\n"
            f"http {{ access_log off; {places}\n"
            f"  upstream gateways {{ {servers} keepalive 64; }}\n"
            f"  server {{ listen 127.0.0.1:{self.port} backlog=4096;\n"
            "    location / { proxy_pass http://gateways; proxy_http_version 1.1; proxy_set_header Connection '';\n"
            "      proxy_buffering off; proxy_read_timeout 120s; } } }\n"
        )

    def __enter__(self) -> Self:
        self._write()
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._started() >= 1, f"nginx; {self.folder}/log")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _started(self) -> int:
        """How many worker processes were started so far."""
        return self._log().count("start worker process ")

    def _ended(self) -> int:
        return self._log().count("exited with code 0")

    def spread_over(self, ports: list[int]) -> None:
        """From now on only these get new requests; returns when the last request to the others is over."""
        self._out = set(self._ports) - set(ports)
        self._write()
        assert self._process is not None
        started, ended = self._started(), self._ended()
        os.kill(self._process.pid, signal.SIGHUP)
        eventually(lambda: self._started() > started and self._ended() > ended, f"nginx to reload; {self.folder}/log")
