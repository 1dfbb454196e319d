"""A certificate authority of the tests' own, made with openssl. Not for: anything that should be trusted."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


class Pair(NamedTuple):
    certificate: Path
    key: Path


def make_authority(folder: Path) -> Pair:
    pair = Pair(folder / "authority.pem", folder / "authority.key")
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
        *("-subj", "/CN=tests", "-addext", "keyUsage=critical,keyCertSign,digitalSignature"),
        *("-keyout", str(pair.key), "-out", str(pair.certificate)),
    )
    return pair


def make_certificate(folder: Path, authority: Pair, name: str = "localhost", days: int = 2) -> Pair:
    """A certificate for a name and 127.0.0.1, signed by the authority; it has expired where `days` is negative."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
    _openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}"),
        *("-keyout", str(pair.key), "-out", str(request)),
    )
    _openssl(
        *("x509", "-req", "-days", str(days), "-in", str(request), "-CA", str(authority.certificate)),
        *("-CAkey", str(authority.key), "-CAcreateserial", "-extfile", str(extensions), "-out", str(pair.certificate)),
    )
    return pair


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=30)
