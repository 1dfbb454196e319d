"""The real decK reads exports: it finds them valid, syncs them to another gateway, and makes the same Terraform."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from support.deck import Deck
from support.exported import CONSUMER_KEY, a_source, edited
from support.gateway_process import GatewayProcess, ask

from quickstart.exports import Wish, format_of
from quickstart.exports._kong_versions import NEWEST, TARGETS
from quickstart.exports._source import CREDENTIALS, source, uses

pytestmark = pytest.mark.timeout(900)  # decK is built the first time
Json = Any


def exported(target: str = NEWEST) -> str:
    return format_of("deck").export(a_source(edited()), Wish(target)).stream


def asked_for(text: str) -> dict[str, str]:
    """The variables that decK is to put in."""
    return dict.fromkeys(re.findall(r'env "(DECK_\w+)"', text), CONSUMER_KEY)


def run(program: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **more}
    return subprocess.run([str(program), *words], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("target", TARGETS)
def test_deck_finds_it_valid(deck_binary: Path, tmp_path: Path, target: str) -> None:
    text = exported(target)
    file = tmp_path / "kong.yaml"
    file.write_text(text)
    done = run(deck_binary, "file", "validate", str(file), "--analytics=false", **asked_for(text))
    assert done.returncode == 0, done.stdout + done.stderr


def test_deck_syncs_it_to_another_gateway_which_exports_the_same(deck_binary: Path, tmp_path: Path) -> None:
    text = exported()
    file, start = tmp_path / "kong.yaml", tmp_path / "start.yml"
    file.write_text(text)
    start.write_text('_format_version: "3.0"\n')
    keys = dict.fromkeys(uses(yaml.safe_load(text)), "Bearer sk-test")
    with GatewayProcess(start, {"KONG_NGINX_WORKER_PROCESSES": "1", **keys}) as gateway:
        deck = Deck(deck_binary, f"http://127.0.0.1:{gateway.ports['ADMIN']}", tmp_path)
        deck.run("gateway", "sync", str(file), more=asked_for(text))
        there = ask(gateway.ports["ADMIN"], "GET", "/config").json["config"]
    again = format_of("deck").export(source(there, {}), Wish()).stream
    assert sorted_rows(yaml.safe_load(again)) == sorted_rows(yaml.safe_load(text))


def sorted_rows(value: Json) -> Json:
    """decK keeps no order of rows, and gives each an id of its own."""
    if isinstance(value, dict):
        return {name: sorted_rows(item) for name, item in value.items() if name != "id"}
    if isinstance(value, list):
        return sorted((sorted_rows(item) for item in value), key=lambda item: yaml.safe_dump(item, sort_keys=True))
    return value


def resources(text: str) -> dict[tuple[str, str], Json]:
    """Each resource without what only ties it to others: names of resources are everybody's own."""
    found = {}
    for number, block in enumerate(hcl2.loads(text)["resource"]):
        for kind, named in block.items():
            for body in named.values():
                kept = {name: value for name, value in body.items() if not name.startswith("__")}
                for tie in ("control_plane_id", "service", "route", "consumer", "upstream_id", "consumer_id"):
                    kept.pop(tie, None)
                found[kind.strip('"'), f"{number}"] = kept
    return {key: body for key, body in found.items() if key[0] != "konnect_gateway_control_plane"}


def test_terraform_has_the_resources_that_deck_makes_of_the_same_file(deck_binary: Path, tmp_path: Path) -> None:
    document = edited()
    for consumer in document["consumers"]:
        for kind in CREDENTIALS:
            consumer.pop(kind, None)  # theirs hold the key itself
    for plugin in document["plugins"]:
        if plugin["name"] == "ai-prompt-guard":
            plugin["config"] = {"deny_patterns": ["never"]}  # theirs leave `%{` as code
    made = a_source(document)
    file = tmp_path / "kong.yaml"
    file.write_text(format_of("deck").export(made, Wish()).stream)
    done = run(deck_binary, "file", "kong2tf", "--state", str(file), "--output-file", "-", "--analytics=false")
    assert done.returncode == 0, done.stderr
    ours = resources(format_of("terraform").export(made, Wish()).stream)
    # Go writes large whole numbers as 3.3554432e+07
    theirs = resources(re.sub(r"= (\d\.\d+e\+\d+)", lambda match: f"= {int(float(match[1]))}", done.stdout))

    def told(found: dict[tuple[str, str], Json]) -> list[str]:
        return sorted(yaml.safe_dump([kind, body], sort_keys=True) for (kind, _), body in found.items())

    assert told(ours) == told(theirs)
