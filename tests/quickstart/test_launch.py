"""A plan is carried out for real: first, again, changed. The bundled gateway runs, a provider mock answers."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.gateway_process import eventually
from support.launched import CANARY, SECRET, Launched
from support.setups import a_route

from quickstart import deployment, image, secret_file
from quickstart.errors import EnvironmentProblem
from quickstart.local_http import listens
from quickstart.lock import exclusively


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        yield made


def test_a_first_setup_ends_with_a_proven_route(home: Launched) -> None:
    result = home.apply()
    assert result.changed == ("configuration", "keys", "answers", "gateway")
    assert not result.restarted and not result.unhealthy
    route, door = result.routes
    assert door.path == "/v1/chat/completions" and door.ok
    assert (route.health, route.status, route.tokens) == ("ok", 200, 18)
    assert (route.path, route.model, route.upstream) == ("/mock/chat", "gpt-6-luna", f"localhost:{home.upstream.port}")
    assert home.ask().status == 200


def test_every_file_is_where_and_as_it_should_be(home: Launched) -> None:
    home.apply(test=False)
    places, output = home.places, home.plan.output_dir
    paths = (output, output / "kong.yml", output / "kong.env", places.secrets, places.answers, places.deployment)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    assert modes.pop(output) == 0o700
    assert set(modes.values()) == {0o600}
    assert yaml.safe_load((output / "kong.yml").read_text())["_format_version"] == "3.0"
    assert places.configuration.read_bytes() == (output / "kong.yml").read_bytes()
    assert f"KONG_PROXY=localhost:{home.plan.ports['proxy']}" in (output / "kong.env").read_text()
    assert yaml.safe_load(places.answers.read_text())["version"] == 1
    assert deployment.require(places.deployment).plan.routes == home.plan.routes


def test_the_key_is_in_the_secrets_file_and_nowhere_else(home: Launched) -> None:
    result = home.apply()
    assert home.upstream.last.headers["authorization"] == f"Bearer {CANARY}"
    for path in home.folder.rglob("*"):
        if path.is_file() and path != home.places.secrets:
            assert CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in repr(result) + home.console.text + repr(home.plan)
    child = home.pid.removeprefix("pid ")
    for name in ("cmdline", "environ"):
        assert CANARY.encode() not in Path(f"/proc/{child}/{name}").read_bytes()


def test_the_same_again_touches_nothing(home: Launched) -> None:
    home.apply()
    before, pid = home.files(), home.pid
    result = home.apply()
    assert result.unchanged and not result.restarted
    assert [route.health for route in result.routes] == ["ok", "ok"]
    assert (home.files(), home.pid) == (before, pid)
    assert "Configuration written" not in home.console.text


def test_another_model_is_taken_up_without_a_restart(home: Launched) -> None:
    home.apply()
    pid = home.pid
    result = home.apply(home.with_model("gpt-6.1-terra"))
    assert (result.changed, result.restarted) == (("configuration",), False)
    assert home.pid == pid and home.asked_model == "gpt-6.1-terra"
    assert home.ask().status == 200
    assert "without a restart" in home.console.text


def test_a_changed_key_is_taken_up_without_a_restart(home: Launched) -> None:
    home.apply()
    pid = home.pid
    home.upstream.key = "sk-another"
    assert [route.health for route in home.apply().routes] == ["key refused", "untested"]
    result = home.apply(home.changed(secrets={SECRET: "Bearer sk-another"}))
    assert result.changed == ("keys",)
    assert [route.health for route in result.routes] == ["ok", "ok"] and home.pid == pid


def test_a_secret_that_somebody_added_by_hand_stays_and_one_no_longer_used_goes(home: Launched) -> None:
    home.apply(test=False)
    text = home.places.secrets.read_text() + "# mine\nMINE='x'\n"
    home.places.secrets.write_text(text)
    assert home.apply(test=False).unchanged
    assert home.places.secrets.read_text() == text
    keyless = a_route(home.upstream.port)
    home.apply(home.changed(routes=(keyless,), secrets={}), test=False)
    assert secret_file.read(home.places.secrets)[0] == {"MINE": "x"}


def test_other_ports_need_a_restart_and_the_old_ones_are_given_back(home: Launched) -> None:
    home.apply()
    swapped = reversed(home.plan.ports.values())
    other = home.changed(ports=dict(zip(home.plan.ports, swapped, strict=True)))
    result = home.apply(other)
    assert (result.changed, result.restarted) == (("configuration", "gateway"), True)
    assert home.ask(other).status == 200


def test_a_wiped_output_directory_is_filled_again_without_touching_the_gateway(home: Launched) -> None:
    home.apply(test=False)
    pid = home.pid
    for path in home.plan.output_dir.iterdir():
        path.unlink()
    home.plan.output_dir.rmdir()
    assert home.apply(test=False).changed == ("configuration",)
    assert (home.plan.output_dir / "kong.yml").exists() and home.pid == pid


def test_a_gateway_that_was_killed_is_started_again(home: Launched) -> None:
    home.apply(test=False)
    home.runner.stop()
    result = home.apply()
    assert (result.changed, result.restarted) == (("gateway",), False)
    assert [route.health for route in result.routes] == ["ok", "ok"]


def test_an_upgraded_gateway_takes_the_place_of_the_old_one(home: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    home.apply(test=False)
    pid, content = home.pid, image.content()
    monkeypatch.setattr(image, "content", lambda: content | {"gateway/new.py": b""})
    result = home.apply()
    assert (result.changed, result.restarted) == (("gateway",), True)
    assert home.pid != pid and home.ask().status == 200


def test_two_setups_at_once_are_refused(home: Launched) -> None:
    with exclusively(home.places), pytest.raises(EnvironmentProblem, match=f"at work \\(pid {os.getpid()}\\)"):
        home.apply()
    assert not home.runner.status().running


def test_a_configuration_that_the_gateway_would_refuse_is_refused_before_anything_is_written(home: Launched) -> None:
    with pytest.raises(Exception, match="nothing was written"):
        home.apply(home.changed(routes=(a_route(1, provider="no-such-provider"),)))
    assert not home.places.config.exists() and not home.plan.output_dir.exists()


def test_stopping_gives_every_port_back(home: Launched) -> None:
    home.apply(test=False)
    assert home.runner.stop()
    eventually(lambda: not any(listens("127.0.0.1", port) for port in home.plan.ports.values()), "the ports")
