"""A place on loopback that an engine pulls an image from: the reading half of the registry protocol, for one image.

Not for: pushing.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

from support.mock_server import Answer, Asked, MockServer

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class ImageShelf(MockServer):
    """One image of one layer, `files` inside. `name` is what it is pulled by."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__()
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as archive:
            for path, content in files.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        packed = gzip.compress(layer.getvalue(), mtime=0)
        config = json.dumps(
            {
                "architecture": ARCHITECTURE, "os": "linux", "config": {"Cmd": ["/nothing"]},
                "rootfs": {"type": "layers", "diff_ids": [_digest(layer.getvalue())]},
                "history": [{"created_by": "a test"}],
            }
        ).encode()  # fmt: skip
        self.manifest = json.dumps(
            {
                "schemaVersion": 2, "mediaType": _MANIFEST,
                "config": {"mediaType": _CONFIG, "size": len(config), "digest": _digest(config)},
                "layers": [{"mediaType": _LAYER, "size": len(packed), "digest": _digest(packed)}],
            }
        ).encode()  # fmt: skip
        self.blobs = {_digest(config): config, _digest(packed): packed}
        self.name = f"127.0.0.1:{self.port}/kong/kong-gateway:shelf"

    def answer(self, asked: Asked) -> Answer:
        digest = {"Docker-Content-Digest": _digest(self.manifest)}
        if asked.path == "/v2/":
            return Answer(200, b"{}")
        if "/manifests/" in asked.path:
            return Answer(200, self.manifest, _MANIFEST, digest)
        found = self.blobs.get(asked.path.rpartition("/")[2])
        return Answer(200, found, "application/octet-stream") if found is not None else Answer(404)


@contextmanager
def shelf(files: dict[str, bytes]) -> Iterator[ImageShelf]:
    """The image is taken from the engine again at the end."""
    import docker

    with ImageShelf(files) as made:
        try:
            yield made
        finally:
            client = docker.from_env(timeout=30)
            for image in client.images.list(made.name):
                client.images.remove(image.id, force=True)
            client.close()
