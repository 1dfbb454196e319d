"""Setup with Konnect as a person types it, and as a script runs it: the story in its order, and what it leaves where.

The tests share one user and build on each other, in the order they are written.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator

import psutil
import pytest
from support.gateway_process import ask
from support.konnect_mock.server import TOKEN
from support.konnect_person import KEY, KonnectPerson, docker, konnect_person
from support.typist import DOWN, ENTER, Typist

from quickstart.konnect import journal

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]
CHAT = {"messages": [{"role": "user", "content": "Hello."}]}


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KonnectPerson]:
    with konnect_person(tmp_path_factory.mktemp("typed")) as made:
        for name in ("KONNECT_TOKEN", "OPENAI_API_KEY", "AI_GATEWAY_CONTROL_PLANE"):
            del made.user.extra[name]
        yield made


def typist(person: KonnectPerson, *words: str) -> Typist:
    return Typist([*person.user.program, *words], person.user.environment(), 100, cwd=str(person.user.home))


NO_MORE = [
    *((rf"API key for {name} \(hidden", ENTER) for name in ("Cohere", "Azure OpenAI", "Anthropic")),
    ("Further hosted providers", ENTER),
    *((rf"{name}[^\n]*\(y/N\)", "n") for name in ("local provider Mistral", "local provider Llama2", "model server")),
]


def test_typed_from_beginning_to_end(person: KonnectPerson) -> None:
    at = typist(person, "setup")
    at.answers(
        [
            (r"Continue\? \(Y/n\)", "y"),
            ("control plane live", DOWN + ENTER),
            (r"access token \(hidden\)", "kpat_mistyped" + ENTER),
            (r"token rejected \(401\)[\s\S]*What now", ENTER),
            (r"access token \(hidden\)", TOKEN + ENTER),
            (r"Example Organization[\s\S]*region eu[\s\S]*API key for OpenAI \(hidden", KEY + ENTER),
            ("Model of OpenAI", ENTER),
            *NO_MORE,
            (r'control plane "ai-gateway" in eu[\s\S]*can see them there[\s\S]*Apply\?', ENTER),
        ]
    )
    at.wait_for("Control plane")
    arguments = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in arguments if KEY in line or TOKEN in line]
    assert at.end() == 0, at.seen
    assert KEY not in at.seen and TOKEN not in at.seen
    steps = ("Configuration written", "Control plane", "Certificate of the data plane", "Configuration in Konnect")
    steps += ("Gateway started", "Data plane connected to Konnect", "One test request per route", "Ready")
    ended = at.seen[at.seen.rindex("Apply?") :]
    places = [ended.index(step) for step in steps]
    assert places == sorted(places), ended
    assert ask(person.user.ports["PROXY"], "POST", "/openai/chat", CHAT).status == 200


def test_what_konnect_has_now(person: KonnectPerson) -> None:
    (plane,) = person.mock.planes()
    (entry,) = journal.load(person.places).entries
    assert plane.region == "eu" and list(plane.certificates) == [entry.certificate]
    assert [node["config_hash"] for node in plane.nodes.values()] == [plane.expected]
    assert {item["name"] for item in plane.of("services").values()} == {"openai-api", "front-door"}
    assert not person.mock.wrong


def test_the_data_plane_has_what_it_needs_and_no_more(person: KonnectPerson) -> None:
    environment = ask(person.user.ports["STATUS"], "GET", "/environment").json
    assert environment["OPENAI_AUTH_HEADER"] == f"Bearer {KEY}"
    assert environment["KONG_ROLE"] == "data_plane" and environment["KONG_KONNECT_MODE"] == "on"
    assert "PRIVATE KEY" in environment["KONG_CLUSTER_CERT_KEY"]
    (container,) = person.containers()
    assert TOKEN not in docker("inspect", container) and KEY not in docker("logs", container)


def test_secrets_are_in_their_file_alone(person: KonnectPerson) -> None:
    for word in (KEY, TOKEN):
        found = [path for path in person.user.home.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]
        assert found == [person.user.secrets]
    assert stat.S_IMODE(person.user.secrets.stat().st_mode) == 0o600
    key = person.places.konnect / "data-plane.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    for asked in person.mock.asked:
        sent = f"{asked.path} {asked.query} {asked.body!r} {asked.headers}"
        assert KEY not in sent and "PRIVATE KEY" not in sent and TOKEN not in sent.replace(f"Bearer {TOKEN}", "")


def test_again_with_enter_alone_changes_nothing(person: KonnectPerson) -> None:
    before, container = person.user.files(), person.containers()
    asked = len(person.mock.asked)
    at = typist(person, "setup")
    at.answers(
        [
            (r"Continue\? \(Y/n\)", ENTER),
            ("control plane live", ENTER),
            (r"access token \(enter = keep \S+f3Zk\)", ENTER),
            (r"API key for OpenAI \(enter = keep", ENTER),
            ("Model of OpenAI", ENTER),
            *NO_MORE,
        ]
    )
    assert at.end() == 0, at.seen
    assert "Nothing to change in Konnect" in at.seen
    assert "Nothing to change. The gateway is as it was." in " ".join(at.seen.split())
    assert (person.user.files(), person.containers()) == (before, container)
    assert {one.method for one in person.mock.asked[asked:]} == {"GET"}


def test_status_and_doctor_know_it(person: KonnectPerson) -> None:
    done = person.user.gateway("status")
    assert done.returncode == 0 and "Konnect: ai-gateway (eu), data plane in sync" in done.stdout, done.stderr
    konnect = json.loads(person.user.gateway("status", "--json").stdout)["konnect"]
    assert konnect == {
        "control_plane": "ai-gateway", "region": "eu", "product": "gateway", "data_plane": "in sync",
    }  # fmt: skip


def test_a_drift_in_konnect_is_put_right_without_a_restart(person: KonnectPerson) -> None:
    (plane,) = person.mock.planes()
    container = person.containers()
    with person.mock.state.changed:
        plugin = next(item for item in plane.of("plugins").values() if item["name"] == "ai-proxy")
        plugin["config"]["model"]["name"] = "edited"
        person.mock.state.changed.notify_all()
    done = person.user.gateway("setup", "--yes", AI_GATEWAY_CONTROL_PLANE="konnect")
    assert done.returncode == 0, done.stderr
    assert "changed=konnect" in done.stdout and person.containers() == container
    assert plugin["config"]["model"]["name"] == "edited"  # this dictionary is not in force any more
    assert not [item for item in plane.of("plugins").values() if "edited" in str(item)]


def test_another_key_replaces_the_container(person: KonnectPerson) -> None:
    container = person.containers()
    person.openai.key = "sk-canary0AnotherKey5555"
    done = person.user.gateway("setup", "--yes", AI_GATEWAY_CONTROL_PLANE="konnect", OPENAI_API_KEY=person.openai.key)
    assert done.returncode == 0 and "changed=keys,gateway" in done.stdout, done.stdout + done.stderr
    assert len(person.containers()) == 1 and person.containers() != container
    assert "sk-canary0AnotherKey5555" not in done.stdout + done.stderr


def test_a_data_plane_that_konnect_does_not_let_in_is_taken_back(person: KonnectPerson) -> None:
    """The one before runs again, with its files; what is in Konnect stays for the next run."""
    before, ports = person.user.files(), dict(person.user.ports)
    with person.mock.state.changed:
        person.mock.state.accepts = False
    try:
        done = person.user.gateway(
            "setup", "--yes", AI_GATEWAY_CONTROL_PLANE="konnect", AI_GATEWAY_KONNECT_IMAGE="127.0.0.1:9/kong:none"
        )
    finally:
        with person.mock.state.changed:
            person.mock.state.accepts = True
    assert done.returncode == 3 and "docker pull" in done.stderr, done.stderr
    assert (person.user.files(), person.user.ports) == (before, ports)
    assert ask(person.user.ports["PROXY"], "POST", "/openai/chat", CHAT).status == 200


def test_from_konnect_to_this_machine_and_back(person: KonnectPerson) -> None:
    done = person.user.gateway("setup", "--yes", AI_GATEWAY_CONTROL_PLANE="local")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "runtime=process" in done.stdout and not person.containers()
    assert TOKEN not in person.user.secrets.read_text(), "the gateway here has no business with it"
    assert len(person.mock.planes()) == 1, "nothing is deleted unasked"
    back = person.user.gateway("setup", "--yes", AI_GATEWAY_CONTROL_PLANE="konnect", KONNECT_TOKEN=TOKEN)
    assert back.returncode == 0 and "runtime=konnect" in back.stdout, back.stdout + back.stderr
    assert len(person.containers()) == 1
    (plane,) = person.mock.planes()
    assert len(plane.certificates) == 1


def test_uninstall_asks_for_the_name_before_it_deletes_in_konnect(person: KonnectPerson) -> None:
    at = typist(person, "uninstall")
    at.answer("Type ai-gateway to delete", "ai-gatway" + ENTER)
    at.answer(r"This is removed:[\s\S]*certificate[\s\S]*Remove all of this\?", "y")
    assert at.end() == 0, at.seen
    (plane,) = person.mock.planes()
    assert not plane.certificates and plane.of("services") and not person.containers()
    assert not (person.places.konnect / "data-plane.key").exists()
    assert re.search(r"is kept; to delete it:\s+ai-gateway\s+uninstall\s+--delete-control-plane", at.seen)


def test_after_that_setup_knows_its_own_and_uninstall_deletes_it(person: KonnectPerson) -> None:
    done = person.user.gateway("setup", "--yes", AI_GATEWAY_CONTROL_PLANE="konnect", KONNECT_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    wrong = person.user.gateway("uninstall", "--yes", "--delete-control-plane", "production")
    assert wrong.returncode == 2 and "Known: ai-gateway" in wrong.stderr and person.containers()
    gone = person.user.gateway("uninstall", "--purge", "--yes", "--delete-control-plane", "ai-gateway")
    assert gone.returncode == 0, gone.stderr
    assert not person.mock.planes() and not person.containers()
    assert not person.user.config.exists() and not person.places.konnect.exists()
