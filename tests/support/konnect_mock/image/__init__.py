"""The stand-in data plane's image, built from the base image of this machine without any registry."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.docker_engine import base_image

OFFICIAL = {"gateway": "kong/kong-gateway", "ai-gateway": "kong/kong-ai-gateway"}


@contextmanager
def stand_in(tag: str, product: str = "gateway") -> Iterator[str]:
    """An image of the official name with a tag of our own, so that nobody's real one is touched; removed at the end."""
    import docker

    client: Any = docker.from_env(timeout=60)
    name = f"{OFFICIAL[product]}:{tag}"
    command = '["python3", "-u", "/data_plane.py"]'
    dockerfile = f"FROM {base_image()}\nCOPY data_plane.py /\nUSER 1000\nCMD {command}\n"
    program = (Path(__file__).parent / "data_plane.py").read_bytes()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in (("Dockerfile", dockerfile.encode()), ("data_plane.py", program)):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    buffer.seek(0)
    client.images.build(fileobj=buffer, custom_context=True, tag=name, rm=True, forcerm=True)
    try:
        yield name
    finally:
        client.images.remove(name, force=True)
        client.close()
