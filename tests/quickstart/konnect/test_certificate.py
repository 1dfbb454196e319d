from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from quickstart import files
from quickstart.konnect import certificate

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def pair() -> certificate.Pair:
    return certificate.make("data plane of a test", clock)


def test_an_rsa_leaf_that_lasts(pair: certificate.Pair) -> None:
    found = x509.load_pem_x509_certificate(pair.certificate.encode())
    key = found.public_key()
    assert isinstance(key, rsa.RSAPublicKey) and key.key_size == 2048
    assert found.not_valid_before_utc < NOW and found.not_valid_after_utc > NOW + timedelta(days=3600)
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert "PRIVATE" not in repr(pair) and "PRIVATE" not in pair.certificate


def test_it_is_made_once(tmp_path: Path) -> None:
    first = certificate.load_or_make(tmp_path / "konnect", "one", clock)
    assert certificate.load_or_make(tmp_path / "konnect", "one", clock) == first


def test_the_key_is_never_anybody_elses_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at whenever a file is moved to its place, with the laxest umask there is."""
    seen: list[int] = []
    replace = Path.replace

    def moved(self: Path, target: str | Path) -> Path:
        seen.append(stat.S_IMODE(self.stat().st_mode))
        return replace(self, target)

    monkeypatch.setattr(files.Path, "replace", moved)
    before = os.umask(0)
    try:
        certificate.load_or_make(tmp_path / "konnect", "one", clock)
    finally:
        os.umask(before)
    assert seen == [0o600, 0o600]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "konnect").iterdir()} == {
        "data-plane.key": 0o600,
        "data-plane.crt": 0o600,
    }
    assert stat.S_IMODE((tmp_path / "konnect").stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", ["no certificate", "no key", "another key", "half a key", "not PEM"])
def test_half_a_pair_is_made_anew(tmp_path: Path, pair: certificate.Pair, damage: str) -> None:
    key, crt = tmp_path / "data-plane.key", tmp_path / "data-plane.crt"
    key.write_text(pair.key)
    crt.write_text(pair.certificate)
    assert certificate.load(tmp_path, clock) == pair
    if damage == "no certificate":
        crt.unlink()
    elif damage == "no key":
        key.unlink()
    elif damage == "another key":
        key.write_text(certificate.make("another", clock).key)
    else:
        key.write_text(pair.key[:700] if damage == "half a key" else "key")
    assert certificate.load(tmp_path, clock) is None
    assert certificate.load_or_make(tmp_path, "again", clock) != pair


def test_one_that_ends_soon_is_made_anew(tmp_path: Path) -> None:
    first = certificate.load_or_make(tmp_path, "one", clock)
    late = NOW + certificate.LIFE - timedelta(days=20)
    assert certificate.load(tmp_path, lambda: late) is None
    assert certificate.load(tmp_path, clock) == first


def test_the_same_certificate_in_other_lines(pair: certificate.Pair) -> None:
    broken = "\r\n".join(pair.certificate.strip().splitlines())
    assert certificate.same(pair.certificate, broken)
    assert not certificate.same(pair.certificate, certificate.make("other", clock).certificate)
    assert not certificate.same(pair.certificate, "") and not certificate.same("x", "x")
