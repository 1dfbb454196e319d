"""Somebody in a company: providers are reached through a proxy with a password alone, and show certificates of the
company. Set up once, the gateway goes that way in both runtimes, whoever starts it again."""

from __future__ import annotations

import json
import os
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.certificates import make_authority, make_certificate
from support.forward_proxy import PASSWORD, ForwardProxy
from support.gateway_process import ask
from support.providers_mock import KEY, OpenAI
from support.user import User

NAME = "models.corp.test"
TARGET = f"{NAME}:8443"
CHAT = {"messages": [{"role": "user", "content": "Hello."}]}
pytestmark = pytest.mark.timeout(300)


class Office:
    """`behind`: what a terminal in the company has; everybody else has nothing of it."""

    def __init__(self, user: User, proxy: ForwardProxy, bundle: Path) -> None:
        self.user, self.proxy, self.bundle = user, proxy, bundle
        self.printed: list[str] = []
        # another name of this machine than the one that every runtime has
        self.behind = {
            "https_proxy": proxy.url("localhost"),
            "NO_PROXY": "intern.test",
            "REQUESTS_CA_BUNDLE": str(bundle),
        }

    def run(self, *words: str, **environment: str) -> str:
        done = self.user.gateway(*words, **environment)
        self.printed.append(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def chat(self) -> int:
        """A real request; the number of tunnels that were opened so far."""
        got = ask(self.user.ports["PROXY"], "POST", "/openai/chat", CHAT)
        assert got.status == 200, got.body
        return len(self.proxy.asked)


@pytest.fixture(scope="module", params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("company")
    user = User(folder / "home", runtime=request.param, installed=False)
    authority = make_authority(folder)
    pair = make_certificate(folder, authority, NAME)
    bundle = folder / "company-ca.pem"
    bundle.write_bytes(authority.certificate.read_bytes() + authority.key.read_bytes())  # careless, and it happens
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = OpenAI(KEY)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    for name in (
        "AI_GATEWAY_CA_FILE",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "no_proxy",
    ):
        user.extra[name] = ""  # an empty variable says nothing
    # on all addresses: a container reaches this machine by another one than loopback
    with server, ForwardProxy({TARGET: server.port}, "0.0.0.0" if request.param == "docker" else "127.0.0.1") as proxy:
        told = Office(user, proxy, bundle)
        try:
            endpoint = f"openai=https://{TARGET}"
            told.run("setup", "--yes", "--strict", OPENAI_API_KEY=KEY, AI_GATEWAY_ENDPOINT=endpoint, **told.behind)
            yield told
        finally:
            user.leave()


def test_it_answers_whoever_starts_it_again(office: Office) -> None:
    assert set(office.proxy.asked) == {TARGET} and not office.proxy.refused
    before = office.chat()
    office.run("restart")
    assert office.chat() > before, "the tunnel is a new one, from a terminal that knows nothing of the proxy"
    office.run("stop")
    office.run("start", HTTPS_PROXY="http://127.0.0.1:9", SSL_CERT_FILE="/no/such/file")
    assert office.chat() > before + 1, "and from one that says something else"


def test_setup_again_goes_the_same_way_and_changes_nothing(office: Office) -> None:
    assert json.loads(office.run("setup", "--yes", "--strict", "--json"))["changed"] == []
    assert json.loads(office.run("setup", "--yes", "--strict", "--json", **office.behind))["changed"] == []
    assert office.chat()


def test_a_new_password_is_taken_up_without_a_restart(office: Office) -> None:
    since = json.loads(office.run("status", "--json"))["uptime_seconds"]
    office.proxy.change_password(PASSWORD + "-2")
    behind = {**office.behind, "https_proxy": office.proxy.url("localhost")}
    review = office.run("setup", "--yes", "--dry-run", "--json", **behind)
    assert json.loads(review)["changes"] == 1
    told = json.loads(office.run("setup", "--yes", "--strict", "--json", **behind))
    assert told["changed"] == ["keys"]
    assert office.chat() and json.loads(office.run("status", "--json"))["uptime_seconds"] >= since


def test_it_is_shown_without_its_password(office: Office) -> None:
    place = (
        f"host.docker.internal:{office.proxy.port}"
        if office.user.runtime == "docker"
        else f"localhost:{office.proxy.port}"
    )
    report = json.loads(office.run("status", "--json"))
    assert report["way_out"] == {"forward_proxy": place, "ca_file": str(office.bundle)}
    assert f"https goes through the proxy {place}" in office.run("status")
    found = json.loads(office.run("doctor", "--json"))["findings"]
    assert not [finding for finding in found if finding["mark"] == "bad"]
    assert [one["code"] for one in found if one["check"] == "proxy"] == ["proxy_set"]
    more = {"HTTPS_PROXY": "http://me:hunter3@proxy.corp.test:3128", "NO_PROXY": "two.test"}
    done = office.user.gateway("setup", "--yes", "--dry-run", **more)
    said = done.stdout + done.stderr
    assert "way-out planned forward_proxy=proxy.corp.test:3128" in said and "hunter3" not in said
    assert not [text for text in office.printed if PASSWORD in text]


def test_a_bundle_that_is_none_changes_nothing(office: Office) -> None:
    before = office.user.files()
    for path, said in ((office.bundle.with_name("none.pem"), "cannot be read"), (Path(__file__), "PEM")):
        done = office.user.gateway("setup", "--yes", SSL_CERT_FILE=str(path))
        told = " ".join(done.stderr.split())  # however the path folds it
        assert done.returncode == 3 and said in told and "--ca-file system" in told
    assert office.user.files() == before and office.chat()


def test_the_password_is_in_the_secrets_file_alone(office: Office) -> None:
    office.run("logs", "-n", "1000")
    office.run("doctor", "--bundle")
    user = office.user
    word = PASSWORD.encode()
    holding = {
        path for path in user.home.rglob("*") if path.is_file() and not path.is_symlink() and word in path.read_bytes()
    }
    assert user.secrets in holding
    assert holding <= {user.secrets, user.state / "run" / "container-secrets" / "secrets.env"}
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in holding)
    for process in psutil.process_iter(["cmdline"]):
        assert word not in " ".join(process.info["cmdline"] or ()).encode()
    if user.runtime == "process":
        mine = [one for one in psutil.process_iter() if _of(one, user)]
        assert mine and not [one for one in mine if word in Path(f"/proc/{one.pid}/environ").read_bytes()]
        return
    copy = user.data / "gateway" / "ca.pem"
    assert b"CERTIFICATE" in copy.read_bytes() and b"PRIVATE" not in copy.read_bytes()
    (one,) = _docker("ps", "--no-trunc", "--quiet", "--filter", user.container_label()).split()
    inspected = _docker("inspect", one.decode())
    assert word not in inspected and b"SSL_CERT_FILE=/etc/ai-gateway/ca.pem" in inspected
    assert b"NO_PROXY=intern.test,host.docker.internal" in inspected
    assert word not in _docker("logs", one.decode())


def test_it_is_forgotten_on_request(office: Office) -> None:
    """The last one: nothing is reached any more."""
    office.run("setup", "--yes", "--forward-proxy", "none", "--ca-file", "system", "--no-test")
    assert PASSWORD not in office.user.secrets.read_text()
    assert json.loads(office.run("status", "--json"))["way_out"] == {"forward_proxy": None, "ca_file": None}
    assert not (office.user.data / "gateway" / "ca.pem").exists()
    assert ask(office.user.ports["PROXY"], "POST", "/openai/chat", CHAT).status >= 500


def _docker(*words: str) -> bytes:
    return subprocess.run(["docker", *words], check=True, capture_output=True, timeout=120).stdout


def _of(process: psutil.Process, user: User) -> bool:
    try:
        return (
            process.pid != os.getpid() and str(user.home).encode() in Path(f"/proc/{process.pid}/environ").read_bytes()
        )
    except OSError:
        return False
