"""Contexts for upstreams and listeners."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from support.certificates import make_authority, make_certificate

from gateway.settings import Settings
from gateway.transport.tls import TlsError, client_context, server_context


def settings(certificate: object = "", key: object = "") -> Settings:
    return Settings.from_env({"KONG_SSL_CERT": str(certificate), "KONG_SSL_CERT_KEY": str(key)})


def test_one_context_per_way_of_verifying() -> None:
    assert client_context(True) is client_context(True)
    assert client_context(True) is not client_context(False)
    assert client_context(True).verify_mode == ssl.CERT_REQUIRED
    assert client_context(True).check_hostname
    assert client_context(False).verify_mode == ssl.CERT_NONE


def test_a_certificate_with_its_key(tmp_path: Path) -> None:
    pair = make_certificate(tmp_path, make_authority(tmp_path))
    context = server_context(settings(pair.certificate, pair.key))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_no_certificate_names_both_settings() -> None:
    with pytest.raises(TlsError, match=r"KONG_SSL_CERT and KONG_SSL_CERT_KEY"):
        server_context(settings())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match=r"KONG_SSL_CERT: no such file: .*gone\.pem"):
        server_context(settings(tmp_path / "gone.pem", tmp_path / "gone.key"))


def test_a_key_of_another_certificate_and_no_certificate_at_all(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    pair = make_certificate(tmp_path, authority)
    for certificate in (authority.certificate, pair.key):
        with pytest.raises(TlsError, match="cannot be used together"):
            server_context(settings(certificate, pair.key))
