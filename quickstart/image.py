"""The gateway's build context, put together in memory from what is installed, and the tag that its content gives it.

The same content always makes the same bytes and the same tag, so an image is built again only when something changed.
Not for: talking to an engine (containers.py).
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

from quickstart import assets

REPOSITORY = "ai-gateway"
_LEFT_OUT = ("__pycache__", ".")
"""How names begin of what tools leave behind in a checkout."""


def content() -> dict[str, bytes]:
    """Path in the context -> bytes: Dockerfile, requirements.txt and the gateway package."""
    files = {
        "Dockerfile": assets.find("gateway_image/Dockerfile").read_bytes(),
        "requirements.txt": assets.find("gateway_image/requirements.txt").read_bytes(),
    }
    package = assets.gateway_package()
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        if path.is_file() and path.suffix != ".pyc" and not any(part.startswith(_LEFT_OUT) for part in inside.parts):
            files[str(Path("gateway") / inside)] = path.read_bytes()
    return files


def context(files: dict[str, bytes]) -> bytes:
    """A tar archive without anything that differs between two machines: no times, no owners."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    return buffer.getvalue()


def fingerprint(files: dict[str, bytes], *decisive: str) -> str:
    """16 hex digits of some files and of what else decides what comes of them."""
    digest = hashlib.sha256("".join(f"{word}\0" for word in decisive).encode())
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()[:16]


def tag(files: dict[str, bytes], base_image: str, instance: str) -> str:
    """`ai-gateway:` and the fingerprint of everything that decides what the image is and whose."""
    return f"{REPOSITORY}:{fingerprint(files, base_image, instance)}"
