"""Setup with the newer AI Gateway API of Konnect, from the command line: made, in step, changed, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.gateway_process import ask
from support.konnect_mock.server import TOKEN
from support.konnect_person import KEY, KonnectPerson, konnect_person

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]
CHAT = {"messages": [{"role": "user", "content": "Hello."}]}


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KonnectPerson]:
    with konnect_person(tmp_path_factory.mktemp("newer"), "ai-gateway") as made:
        yield made


def test_setup_makes_providers_and_models(person: KonnectPerson) -> None:
    done = person.user.gateway("setup", "--yes")
    assert done.returncode == 0, done.stderr
    (plane,) = person.mock.planes()
    assert (plane.kind, len(plane.certificates)) == ("ai-gateway", 1)
    assert sorted(plane.of("models")) == ["openai", "openai-by-name"]
    assert list(plane.of("model-providers")) == ["openai"]
    for path in ("/openai/chat/completions", "/v1/chat/completions"):
        assert f"path={path} health=ok" in done.stdout
        assert ask(person.user.ports["PROXY"], "POST", path, CHAT).status == 200
    assert '"messages"' in done.stdout, "the line to try is a chat"
    assert not person.mock.wrong


def test_no_key_is_in_what_konnect_has(person: KonnectPerson) -> None:
    (plane,) = person.mock.planes()
    held = json.dumps(plane.configuration)
    assert KEY not in held and "{vault://env/openai-auth-header}" in held
    for asked in person.mock.asked:
        assert KEY not in f"{asked.path} {asked.body!r} {asked.headers}"
    assert TOKEN not in held


def test_again_changes_nothing_and_another_model_changes_it(person: KonnectPerson) -> None:
    assert "changed=nothing" in person.user.gateway("setup", "--yes").stdout
    container = person.containers()
    done = person.user.gateway("setup", "--yes", "--model", "openai=gpt-6.1-terra")
    assert done.returncode == 0 and "changed=konnect" in done.stdout, done.stderr
    (plane,) = person.mock.planes()
    assert plane.of("models")["openai"]["targets"][0]["name"] == "gpt-6.1-terra"
    assert person.containers() == container, "the running data plane took it up"


def test_status_and_uninstall_know_it(person: KonnectPerson) -> None:
    assert "data plane in sync" in person.user.gateway("status").stdout
    done = person.user.gateway("uninstall", "--yes", "--purge", "--delete-control-plane", "ai-gateway")
    assert done.returncode == 0 and not person.mock.planes() and not person.containers(), done.stderr
