"""The proxy variables, and whether the gateway has the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.patients import a_patient, codes, nobody

from quickstart.doctor import proxy

HTTPS = {"HTTPS_PROXY": "http://user:hunter2@proxy:3128"}
HERE = {"NO_PROXY": "localhost,127.0.0.1"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, [("ok", "proxy_none")]),
        (HTTPS, [("ok", "proxy_set")]),
        ({"HTTPS_PROXY": "socks5://hunter2"}, [("bad", "proxy_malformed")]),
        ({"HTTP_PROXY": "http://p:1"}, [("warn", "proxy_http_only"), ("warn", "proxy_loopback")]),
        ({"HTTP_PROXY": "http://p:1", **HERE}, [("warn", "proxy_http_only")]),
        ({"ALL_PROXY": "http://p:1", **HTTPS, **HERE}, [("ok", "proxy_set")]),
        ({"http_proxy": "http://p:1", **HTTPS}, [("ok", "proxy_set"), ("warn", "proxy_loopback")]),
        ({"SSL_CERT_FILE": "/no/such/ca.pem"}, [("bad", "ca_missing"), ("ok", "proxy_none")]),
    ],
)
def test_what_the_variables_mean(tmp_path: Path, environment: dict[str, str], expected: list[Any]) -> None:
    found = list(proxy.check(nobody(tmp_path, environment=environment)))
    assert codes(found) == expected
    assert "hunter2" not in "".join(one.message + one.remedy for one in found)


def test_the_gateways_way_counts_and_another_of_this_terminal_is_told(tmp_path: Path) -> None:
    """For both runtimes alike."""
    behind = {"forward_proxy": "host.docker.internal:3128", "runtime": "docker"}
    kept = {"HTTPS_PROXY": "http://user:hunter2@host.docker.internal:3128"}
    patient = a_patient(tmp_path, plan=behind, secrets=kept)
    (finding,) = proxy.check(patient)
    assert codes([finding]) == [("ok", "proxy_set")] and "127.0.0.1:3128" in finding.message
    there = {"HTTPS_PROXY": "http://user:hunter2@127.0.0.1:3128"}
    assert codes(proxy.check(a_patient(tmp_path, plan=behind, secrets=kept, environment=there))) == [
        ("ok", "proxy_set")
    ]
    for told in (HTTPS, {"https_proxy": "http://user:hunter3@127.0.0.1:3128"}):
        found = list(proxy.check(a_patient(tmp_path, plan=behind, secrets=kept, environment=told)))
        assert codes(found) == [("ok", "proxy_set"), ("warn", "proxy_stale")]
        assert "hunter" not in "".join(one.message + one.remedy for one in found)
    assert codes(proxy.check(a_patient(tmp_path, environment=HTTPS)))[-1] == ("warn", "proxy_stale")
    assert codes(proxy.check(a_patient(tmp_path, environment={"SSL_CERT_FILE": "/no"}))) == [("ok", "proxy_none")]
    assert codes(proxy.check(a_patient(tmp_path, plan={"ca_file": "/no"}))) == [
        ("bad", "ca_missing"),
        ("ok", "proxy_none"),
    ]
