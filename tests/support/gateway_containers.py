"""Gateways as containers, as a fleet runs them: one image, one file, no state of their own, host networking so that
what is on loopback is reached. Not for: the quickstart's own container (user.py).

Everything carries a label of this process and is removed by it.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from support.docker_engine import base_image
from support.gateway_process import answers, eventually, free_ports

from quickstart import image

LABEL = "ai-gateway.fleet-test"
CONFIGURATION = "/etc/ai-gateway"


@contextlib.contextmanager
def gateway_image() -> Iterator[str]:
    """The tag of an image of this checkout's gateway, removed afterwards."""
    import docker

    with contextlib.closing(docker.from_env(timeout=300)) as client:
        files = image.content()
        made, _ = client.images.build(
            fileobj=io.BytesIO(image.context(files)),
            custom_context=True,
            tag=image.tag(files, base_image(), f"{LABEL}-{os.getpid()}"),
            buildargs={"BASE_IMAGE": base_image(), "INSTANCE": LABEL},
            rm=True,
            forcerm=True,
        )
        try:
            yield made.tags[0]
        finally:
            client.images.remove(made.tags[0], force=True)


class GatewayContainers:
    """`count` gateways of an image that read `file`."""

    def __init__(self, count: int, file: Path, tag: str) -> None:
        import docker

        self.client = docker.from_env(timeout=120)
        self.mine = f"{os.getpid()}-{file.parent.name}"
        ports = free_ports(2 * count)
        self.ports, self._status = ports[:count], ports[count:]
        self._file = file
        self._image = tag
        self._containers: list[Any] = []

    def __enter__(self) -> Self:
        try:
            for port, status in zip(self.ports, self._status, strict=True):
                self._containers.append(self._run(port, status))
            for number in range(len(self.ports)):
                self.wait(number)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _run(self, port: int, status: int) -> Any:
        off = {f"KONG_{name}_LISTEN": "off" for name in ("ADMIN", "ADMIN_GUI", "PORTAL_GUI", "PORTAL_API")}
        return self.client.containers.run(
            self._image,
            detach=True,
            network_mode="host",
            labels={LABEL: self.mine},
            read_only=True,
            tmpfs={"/tmp": "size=64m,mode=1777"},
            cap_drop=["ALL"],
            volumes={str(self._file.parent): {"bind": CONFIGURATION, "mode": "ro"}},
            environment={
                "KONG_PROXY_LISTEN": f"127.0.0.1:{port} backlog=4096",
                "KONG_STATUS_LISTEN": f"127.0.0.1:{status}",
                "KONG_DECLARATIVE_CONFIG": f"{CONFIGURATION}/{self._file.name}",
                "KONG_NGINX_WORKER_PROCESSES": "1",
                "KONG_PROXY_ACCESS_LOG": "off",
                **off,
            },
        )

    def wait(self, number: int) -> None:
        """Returns once a gateway takes requests."""
        container = self._containers[number]
        try:
            eventually(lambda: self._ready(number), f"the gateway in container {container.name}", 60)
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{container.logs(tail=50).decode(errors='replace')}") from None

    def _ready(self, number: int) -> bool:
        try:
            return answers(self._status[number], "/status/ready")
        except http.client.HTTPException:  # just about to listen, or to end
            return False

    def restart(self, number: int) -> None:
        """Stops it as an orchestrator does (SIGTERM, and the time it needs), starts it and waits until it is ready."""
        container = self._containers[number]
        container.stop(timeout=60)
        state = self.client.api.inspect_container(container.id)["State"]
        assert state["ExitCode"] == 0, (state, container.logs(tail=50))
        container.start()
        self.wait(number)

    def logs(self) -> str:
        return "".join(container.logs().decode(errors="replace") for container in self._containers)

    def __exit__(self, *_: object) -> None:
        for container in self.client.containers.list(all=True, filters={"label": f"{LABEL}={self.mine}"}):
            container.remove(force=True)
        self.client.close()
