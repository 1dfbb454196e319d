"""The way out: who says it, how it is kept, and how it looks from a container."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.certificates import make_authority
from support.setups import a_plan

from quickstart.reach import outward
from quickstart.reach.outward import Outward, Unusable, certificates, environment_of, settle

HERE = "http://me:hunter2@localhost:3128"
INSIDE = "http://me:hunter2@host.docker.internal:3128"


def by(environment: dict[str, str], kept: str = "", choice: str = "auto", direct: str = "none") -> Outward:
    return settle(environment, {"HTTPS_PROXY": kept} if kept else {}, choice, direct, outward.DEFAULT)


def test_this_shell_says_it_else_what_was_kept() -> None:
    for environment in ({"HTTPS_PROXY": HERE}, {"https_proxy": HERE}, {"HTTPS_PROXY": "", "https_proxy": HERE}):
        way = by(environment, "http://old:1")
        assert way.proxy is not None and way.proxy.url == HERE
    kept = by({}, INSIDE).proxy
    assert kept is not None and kept.url == "http://me:hunter2@127.0.0.1:3128", "asked from here, not from a container"
    assert by({"HTTPS_PROXY": HERE}, INSIDE, "none").proxy is None
    assert "hunter2" not in repr(by({"HTTPS_PROXY": HERE}))


def test_what_is_no_proxy_is_told_without_its_value() -> None:
    with pytest.raises(Exception, match="HTTPS_PROXY") as caught:
        by({"HTTPS_PROXY": "socks5://me:hunter2@there"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "bridged", "seen"),
    [
        (HERE, True, INSIDE),
        (HERE, False, HERE),
        ("http://[::1]:3128", True, "http://host.docker.internal:3128"),
        ("http://proxy.corp:8080", True, "http://proxy.corp:8080"),
        (INSIDE, False, "http://me:hunter2@127.0.0.1:3128"),
    ],
)
def test_a_proxy_of_this_machine_has_another_name_in_a_container(url: str, bridged: bool, seen: str) -> None:
    proxy, direct = by({"HTTPS_PROXY": url}, direct="intern.test").from_gateway(bridged)
    assert proxy is not None and proxy.url == seen
    assert direct == ("intern.test,host.docker.internal" if bridged else "intern.test")
    assert by({}).from_gateway(bridged) == (None, "")


def test_requests_go_that_way_and_no_other(tmp_path: Path) -> None:
    base = {"PATH": "/bin", "https_proxy": "http://other:1", "no_proxy": "x", "SSL_CERT_FILE": "/other"}
    assert by({}).environment(base) == {"PATH": "/bin"}
    plan = a_plan(tmp_path, forward_proxy="host.docker.internal:3128", no_proxy="intern.test", ca_file="/ca.pem")
    assert environment_of(plan, {"HTTPS_PROXY": INSIDE}, base) == {
        "PATH": "/bin", "HTTPS_PROXY": "http://me:hunter2@127.0.0.1:3128", "NO_PROXY": "intern.test",
        "SSL_CERT_FILE": "/ca.pem",
    }  # fmt: skip
    assert environment_of(a_plan(tmp_path), {"HTTPS_PROXY": INSIDE}, base) == {"PATH": "/bin"}
    assert environment_of(plan, {"HTTPS_PROXY": "nonsense://"}, base)["HTTPS_PROXY"] == "nonsense://"


def test_of_a_bundle_the_certificates_alone_are_taken(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(b"# ours\n" + authority.certificate.read_bytes() + authority.key.read_bytes())
    assert certificates(str(both)).strip() == authority.certificate.read_bytes().strip()
    way = settle({}, {}, "auto", "none", str(both))
    assert way.ca_file == str(both) and way.ca_sum
    both.write_bytes(authority.certificate.read_bytes() * 2)
    assert settle({}, {}, "auto", "none", str(both)).ca_sum != way.ca_sum


@pytest.mark.parametrize(
    ("content", "code"), [(None, "ca_missing"), (b"", "ca_broken"), (b"\x30\x82", "ca_broken"),
                          (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "ca_broken")]
)  # fmt: skip
def test_what_is_no_bundle_is_said(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unusable) as caught:
        certificates(str(path))
    assert caught.value.code == code and str(path) in caught.value.message
