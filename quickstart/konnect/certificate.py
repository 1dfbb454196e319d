"""The data plane's certificate: made here, self-signed, its public half pinned in Konnect. Its key is in one file that
is 0600 from its first moment, and goes from there only into the data plane's container.

Not for: pinning it (provisioning.py), provider keys (secret_file.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from quickstart.files import private_directory, write_atomically

KEY_BITS = 2048
LIFE = timedelta(days=3650)
RENEW_BEFORE = timedelta(days=30)
_SKEW = timedelta(days=1)
"""A machine whose clock is behind must not find the certificate to be of tomorrow."""
NAME = "data-plane"


@dataclass(frozen=True, slots=True)
class Pair:
    certificate: str  # PEM
    key: str = field(repr=False)  # PEM, PKCS 8


def now() -> datetime:
    return datetime.now(UTC)


def load(folder: Path, clock: Callable[[], datetime] = now) -> Pair | None:
    """The pair of `folder`; None when there is none, or none that is whole, belongs together and lasts."""
    try:
        pair = Pair((folder / f"{NAME}.crt").read_text("ascii"), (folder / f"{NAME}.key").read_text("ascii"))
        found = x509.load_pem_x509_certificate(pair.certificate.encode())
        key = serialization.load_pem_private_key(pair.key.encode(), None)
        belongs = _public(key.public_key()) == _public(found.public_key())
        found.verify_directly_issued_by(found)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return None
    return pair if belongs and found.not_valid_after_utc - RENEW_BEFORE > clock() else None


def load_or_make(folder: Path, name: str, clock: Callable[[], datetime] = now) -> Pair:
    """The pair of `folder`, made where there is none to use. Raises EnvironmentProblem."""
    found = load(folder, clock)
    if found is not None:
        return found
    made = make(name, clock)
    private_directory(folder)
    # the certificate last: a key alone is no pair, so that a crash in between only makes both anew
    write_atomically(folder / f"{NAME}.key", made.key, 0o600)
    write_atomically(folder / f"{NAME}.crt", made.certificate, 0o600)
    return made


def make(name: str, clock: Callable[[], datetime] = now) -> Pair:
    """A fresh RSA key and its self-signed certificate. `name` becomes the common name."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = clock() - _SKEW
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(made.public_bytes(serialization.Encoding.PEM).decode(), secret.decode())


def same(one: str, other: str) -> bool:
    """Whether two PEM texts are the same certificate, however their lines are broken."""
    try:
        first, second = (x509.load_pem_x509_certificate(text.encode()) for text in (one, other))
    except ValueError:
        return False
    return first == second


def _public(key: object) -> bytes:
    return key.public_bytes(  # type: ignore[attr-defined,no-any-return]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
