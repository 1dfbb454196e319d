"""Edits made meanwhile, through the Admin API as the Manager and decK make them, outlive setup; each way round."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.launched import CANARY, Launched

from quickstart import secret_file
from quickstart.admin_client import push
from quickstart.local_http import request
from quickstart.plan import Plan
from quickstart.reconcile import applying
from quickstart.reconcile.generations import EDITED, History
from quickstart.reconcile.proposal import Wish

pytestmark = pytest.mark.timeout(180)  # many commands, one after the other


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        yield made


def admin(home: Launched, method: str, path: str, body: Any = None) -> Any:
    raw = json.dumps(body).encode() if body is not None else b""
    answer = request("127.0.0.1", home.plan.ports["admin"], method, path, raw)
    assert answer.status < 300, answer.body
    return json.loads(answer.body) if answer.body else None


def chat_plugin(home: Launched) -> dict[str, Any]:
    found: dict[str, Any] = admin(home, "GET", "/routes/mock-api_mock-chat/plugins")["data"][0]
    return found


def limit_tokens(home: Launched, value: int = 256) -> None:
    """What somebody does in the Manager."""
    row = chat_plugin(home)
    row["config"]["model"]["options"]["max_tokens"] = value
    admin(home, "PATCH", f"/plugins/{row['id']}", row)


def tokens(home: Launched) -> Any:
    return chat_plugin(home)["config"]["model"]["options"]["max_tokens"]


def test_nothing_to_change_touches_nothing_and_keeps_the_edit(home: Launched) -> None:
    home.apply()
    limit_tokens(home)
    before, pid = home.files(), home.pid
    result = home.apply()
    assert result.unchanged and result.generation == 0
    assert result.kept == ("ai-proxy on /mock/chat: config.model.options.max_tokens = 256",)
    assert (home.files(), home.pid, tokens(home)) == (before, pid, 256)


def test_another_model_keeps_the_edit_and_says_so_in_the_file(home: Launched) -> None:
    home.apply()
    limit_tokens(home)
    result = home.apply(home.with_model("gpt-6.1-terra"))
    assert result.changed == ("configuration",) and len(result.kept) == 1
    assert tokens(home) == 256 and home.asked_model == "gpt-6.1-terra"
    shown = (home.plan.output_dir / "kong.yml").read_text()
    assert "max_tokens: 256" in shown and "gpt-6.1-terra" in shown
    assert home.apply(home.with_model("gpt-6.1-terra")).unchanged
    again = home.apply()  # and it outlives the next change, which no longer counts it as new
    assert (again.changed, again.kept, tokens(home)) == (("configuration",), (), 256)


def test_history_tells_setup_and_edits_apart(home: Launched) -> None:
    home.apply()
    limit_tokens(home)
    result = home.apply(home.with_model("gpt-6.1-terra"))
    history = History(home.places.history).all()
    assert [item.entry.made_by for item in history] == ["setup", EDITED, "setup"]
    assert result.generation == 3
    assert "max_tokens" not in history[0].entry.configuration and "max_tokens" in history[1].entry.configuration
    assert "gpt-6-luna" in history[1].entry.configuration and "gpt-6.1-terra" in history[2].entry.configuration
    assert "max_tokens" not in history[2].entry.rendered
    for path in home.places.history.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
        assert path.is_dir() or CANARY.encode() not in path.read_bytes()


def test_overwrite_drops_the_edit(home: Launched) -> None:
    home.apply()
    limit_tokens(home)
    result = home.apply(wish=Wish(overwrite=True))
    assert result.changed == ("configuration",) and len(result.dropped) == 1
    assert tokens(home) is None
    assert home.apply().unchanged


def test_what_setup_never_made_is_kept_with_its_credentials(home: Launched) -> None:
    home.apply()
    admin(home, "POST", "/services", {"name": "mine", "url": f"http://127.0.0.1:{home.upstream.port}"})
    admin(home, "POST", "/services/mine/routes", {"name": "mine", "paths": ["/mine"]})
    admin(home, "POST", "/routes/mine/plugins", {"name": "key-auth"})
    admin(home, "POST", "/consumers", {"username": "ann"})
    key = admin(home, "POST", "/consumers/ann/key-auth", {})["key"]
    home.apply(home.with_model("gpt-6.1-terra"))

    def asked(key: str) -> int:
        more = {"apikey": key, "Authorization": f"Bearer {CANARY}"}
        return request("127.0.0.1", home.plan.ports["proxy"], "GET", "/mine/v1/models", more=more).status

    assert asked("wrong") == 401
    assert asked(key) == 200
    shown = (home.plan.output_dir / "kong.yml").read_text()
    assert "username: ann" in shown and key not in shown, "references only"
    assert key in secret_file.read(home.places.secrets)[0].values()
    assert home.apply(home.with_model("gpt-6.1-terra")).unchanged
    home.runner.stop()
    home.apply()  # from the files alone
    assert (asked("wrong"), asked(key)) == (401, 200)


def test_a_key_typed_into_the_manager_moves_to_the_secrets_file(home: Launched) -> None:
    home.apply()
    row = chat_plugin(home)
    row["config"]["auth"]["header_value"] = home.upstream.key = "Bearer sk-typed-in-clear"
    home.upstream.key = "sk-typed-in-clear"
    admin(home, "PATCH", f"/plugins/{row['id']}", row)
    home.apply(home.with_model("gpt-6.1-terra"))
    assert home.ask().status == 200
    assert home.upstream.last.headers["authorization"] == "Bearer sk-typed-in-clear"
    assert chat_plugin(home)["config"]["auth"]["header_value"].startswith("{vault://env/kept-")
    for path in home.folder.rglob("*"):
        if path.is_file() and path != home.places.secrets:
            assert b"sk-typed-in-clear" not in path.read_bytes(), path


def test_the_same_field_on_both_sides_stays_as_it_runs_unless_it_is_chosen(home: Launched) -> None:
    home.apply()
    row = chat_plugin(home)
    row["config"]["model"]["name"] = "gpt-mine"
    admin(home, "PATCH", f"/plugins/{row['id']}", row)
    home.apply(home.with_model("gpt-6.1-terra"), test=False)
    assert chat_plugin(home)["config"]["model"]["name"] == "gpt-mine"
    home.apply(home.with_model("gpt-6-luna"), test=False, wish=Wish(choose=lambda conflict: "ours"))
    assert chat_plugin(home)["config"]["model"]["name"] == "gpt-6-luna"


@pytest.mark.parametrize("stopped", [False, True])
def test_edits_outlive_a_restart_on_other_ports(home: Launched, stopped: bool) -> None:
    home.apply()
    limit_tokens(home)
    if stopped:
        home.runner.stop()
    swapped = reversed(home.plan.ports.values())
    home.plan = home.changed(ports=dict(zip(home.plan.ports, swapped, strict=True)))
    home.apply(home.with_model("gpt-6.1-terra"))
    assert (tokens(home), home.asked_model) == (256, "gpt-6.1-terra")


def test_overwriting_reaches_a_gateway_that_does_not_run(home: Launched) -> None:
    home.apply()
    limit_tokens(home)
    home.runner.stop()
    home.apply(wish=Wish(overwrite=True))
    assert tokens(home) is None


def test_a_change_of_keys_alone_keeps_the_edit(home: Launched) -> None:
    home.apply()
    limit_tokens(home)
    home.upstream.key = "sk-another"
    result = home.apply(home.changed(secrets={"MOCK_AUTH_HEADER": "Bearer sk-another"}))
    assert result.changed == ("keys",) and not result.unhealthy
    assert tokens(home) == 256


def test_an_edit_at_the_very_moment_of_applying_is_merged_too(home: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    home.apply()
    raced: list[str] = []

    def late(plan: Plan, configuration: str, tag: str = "") -> None:
        if not raced:
            raced.append("once")
            limit_tokens(home)
        push(plan, configuration, tag)

    monkeypatch.setattr(applying.admin_client, "push", late)
    home.apply(home.with_model("gpt-6.1-terra"))
    assert (tokens(home), home.asked_model) == (256, "gpt-6.1-terra")
    assert [item.entry.made_by for item in History(home.places.history).all()] == ["setup", EDITED, "setup"]


def test_a_removed_route_goes_although_others_were_edited(home: Launched) -> None:
    from support.setups import a_route

    other = a_route(home.upstream.port, name="other-api_other-chat", service="other-api", public="other")
    both = home.changed(routes=(*home.plan.routes, other))
    home.apply(both, test=False)
    limit_tokens(home)
    home.apply(test=False)
    names = {service["name"] for service in admin(home, "GET", "/services")["data"]}
    assert "other-api" not in names and tokens(home) == 256
    assert "other" not in yaml.safe_dump(yaml.safe_load((home.plan.output_dir / "kong.yml").read_text()))


def test_a_file_edited_by_hand_is_kept_aside_and_can_be_applied(home: Launched) -> None:
    home.apply(test=False)
    file = home.plan.output_dir / "kong.yml"
    edited = file.read_text().replace("read_timeout: 300000", "read_timeout: 4711")
    file.write_text(edited)
    home.apply(home.with_model("gpt-6.1-terra"), test=False)
    aside = file.with_name("kong.yml.edited")
    assert aside.read_text() == edited and "4711" not in file.read_text()
    assert f"ai-gateway apply -f {aside}" in home.console.text
    home.apply(test=False)
    assert "kong.yml.edited" not in home.console.text
