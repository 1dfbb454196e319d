"""The proxy variables, and whether the gateway has the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from support.patients import RUNNING, a_patient, codes, nobody, provided

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


def test_a_gateway_that_was_started_with_another_proxy(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, environment=HTTPS, status=RUNNING)
    asked: list[int] = []

    def started(pid: int) -> dict[str, str]:
        asked.append(pid)
        return {"PATH": "/bin"}

    assert codes(proxy.check(patient, started))[-1] == ("warn", "proxy_stale")
    assert asked == [4242]
    assert codes(proxy.check(patient, lambda pid: HTTPS)) == [("ok", "proxy_set")]
    assert codes(proxy.check(patient, lambda pid: {})) == [("ok", "proxy_set")]  # the system does not tell


def test_a_container_does_not_get_it(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, provided(), environment=HTTPS, status=RUNNING, plan={"runtime": "docker"})
    assert codes(proxy.check(patient))[-1] == ("warn", "proxy_container")


def test_a_processs_environment_is_read() -> None:
    assert proxy.environment_of(os.getpid()).get("PATH")
    assert proxy.environment_of(2**22 + 1) == {}
