"""What exports are made of: the running configuration, the file of a stopped one, references instead of secrets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support.exported import CONSUMER_KEY, TYPED_KEY, a_source, edited
from support.launched import CANARY, SECRET, Launched

from quickstart import deployment
from quickstart.errors import EnvironmentProblem
from quickstart.exports._source import plugins, read, source, uses, variable_of, without_consumer_keys
from quickstart.local_http import request
from quickstart.reconcile import rows


def test_a_running_gateway_tells_of_edits_and_a_stopped_one_keeps_them(tmp_path: Path) -> None:
    with Launched(tmp_path) as launched:
        launched.apply(test=False)
        body = b'{"name": "ai-prompt-guard", "config": {"deny_patterns": ["never"]}}'
        assert request("127.0.0.1", launched.plan.ports["admin"], "POST", "/plugins", body).status == 201
        live = read(launched.places)
        assert live.document["plugins"][0]["config"]["deny_patterns"] == ["never"]
        assert SECRET in live.secrets and CANARY not in str(live)
        assert not live.notes
        launched.runner.stop()
        stopped = read(launched.places)
        assert stopped.document == live.document
        assert "does not run" in stopped.notes[0].message


def test_the_way_out_of_this_machine_is_told(tmp_path: Path) -> None:
    with Launched(tmp_path) as launched:
        launched.apply(test=False)
        launched.runner.stop()
        known = deployment.require(launched.places.deployment)
        away = replace(known.plan, forward_proxy="proxy.test:3128", no_proxy=".lan", ca_file="/company.pem")
        launched.places.deployment.write_text(deployment.to_text(replace(known, plan=away)))
        made = read(launched.places)
    assert (made.proxied, made.no_proxy) == (True, ".lan")
    told = " ".join(note.message + note.hint for note in made.notes)
    assert "proxy.test:3128" in told and "/company.pem" in told and "SSL_CERT_FILE" in told


def test_nothing_set_up_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="Nothing is set up yet"):
        read(Launched(tmp_path).places)


def test_secrets_in_clear_become_references_that_are_told() -> None:
    made = a_source(edited())
    text = yaml.safe_dump(made.document)
    assert CONSUMER_KEY not in text and TYPED_KEY not in text
    (told,) = [note for note in made.notes if "stood in clear" in note.message]
    assert "KEPT_AI_PROXY" in told.message and any(name.startswith("KEPT_AI_PROXY") for name in made.secrets)
    assert "ALICE_KEY" in made.secrets


def test_the_document_means_the_same_configuration() -> None:
    text = yaml.safe_dump(edited())
    made = source(text, {})
    again = source(yaml.safe_dump(made.document), {})
    assert again.document == made.document
    ours, theirs = rows.read(text, "a"), rows.read(yaml.safe_dump(made.document), "b")
    assert {kind: len(of_kind) for kind, of_kind in ours.items()} == {
        kind: len(of_kind) for kind, of_kind in theirs.items()
    }


def test_variables_behind_vaults_with_a_prefix() -> None:
    document = {
        "vaults": [{"name": "env", "prefix": "team", "config": {"prefix": "TEAM_"}}, {"name": "hcv", "prefix": "far"}],
        "plugins": [{"name": "x", "config": {"a": "{vault://team/open-key}", "b": ["{vault://env/other?x=1}"]}}],
        "services": [{"name": "{vault://far/away}", "host": "say {vault://env/no}"}],
    }
    assert uses(document) == {"TEAM_OPEN_KEY": "{vault://team/open-key}", "OTHER": "{vault://env/other?x=1}"}
    assert variable_of("{vault://env/a-b}") == "A_B" and variable_of("plain") == variable_of("{vault://x/a}") == ""


def test_plugins_are_found_wherever_they_are() -> None:
    places = {at: row["name"] for row, at in plugins(edited())}
    assert places["plugins[0]"] == "prometheus"
    assert places["services[0].plugins[0]"] == "ai-rate-limiting-advanced"
    assert places["services[0].routes[0].plugins[0]"] == "ai-proxy"


def test_consumers_stay_without_their_keys() -> None:
    document, notes = without_consumer_keys(a_source(edited()).document)
    assert len(notes) == 1 and "alice, bob" in notes[0].message
    assert document["consumers"] == [{"username": "alice", "acls": [{"group": "dev"}]}, {"username": "bob"}]
    assert without_consumer_keys({"services": []}) == ({"services": []}, [])
