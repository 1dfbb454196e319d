"""Whether this machine has a Docker engine and the base image that tests build on. Not for: using it."""

from __future__ import annotations

import functools
import re
import socket

import psutil
from support.house import ROOT


def base_image() -> str:
    """The Dockerfile's own default."""
    found = re.search(r"^ARG BASE_IMAGE=(\S+)", (ROOT / "gateway_image" / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    return found[1]


@functools.cache
def missing() -> str:
    """Why tests with containers cannot run here; "" when they can."""
    import docker

    try:
        client = docker.from_env(timeout=20)
        client.ping()
        if not client.images.list(base_image()):
            return f"the image {base_image()} is not there; type: docker pull {base_image()}"
    except docker.errors.DockerException as error:
        return f"{type(error).__name__}: {error}"
    return ""


def bridge_address() -> str:
    """The address of this machine that containers on Docker's own bridge reach."""
    found = [one.address for one in psutil.net_if_addrs()["docker0"] if one.family == socket.AF_INET]
    return found[0]
