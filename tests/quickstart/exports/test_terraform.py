"""Resources of kong/konnect: an HCL parser reads them, and every reference leads to a resource that is there. That
`deck file kong2tf` makes the same of the same file is in tests/e2e/test_exports_deck.py."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from support.exported import a_source, edited
from support.golden import check_golden

from quickstart.exports._bundle import Wish
from quickstart.exports.terraform import export

REFERENCE = re.compile(r"(konnect_[a-z_]+)\.([a-z0-9_]+)\.id")


def resources(text: str) -> Counter[str]:
    found: list[str] = re.findall(r'^resource "([a-z_]+)" "([a-z0-9_]+)"', text, re.MULTILINE)  # type: ignore[assignment]
    return Counter(f"{kind}.{name}" for kind, name in found)


def test_a_parser_reads_it_and_no_resource_is_there_twice() -> None:
    text = export(a_source(edited()), Wish()).stream
    document = hcl2.loads(text)
    found = resources(text)
    assert max(found.values()) == 1
    assert len(document["resource"]) == len(found)
    for kind, name in set(REFERENCE.findall(text)):
        assert f"{kind}.{name}" in found, f"{kind}.{name} is referred to and not there"


def test_what_a_text_holds_is_never_code() -> None:
    text = export(a_source(edited()), Wish()).stream
    assert ".*$${secret}.*" in text and "%%{percent}" in text


def test_a_consumers_key_is_a_variable_that_is_never_shown() -> None:
    bundle = export(a_source(edited()), Wish())
    (name,) = re.findall(r'^variable "(alice_\w+)"', bundle.stream, re.MULTILINE)
    assert f"key = var.{name}" in bundle.stream and "sensitive = true" in bundle.stream
    assert any(f"TF_VAR_{name}" in note.message for note in bundle.notes)


def test_rows_with_names_that_end_up_alike_keep_their_own() -> None:
    document: dict[str, Any] = {
        "_format_version": "3.0",
        "services": [{"name": "a-b", "url": "http://h.test"}, {"name": "a_b", "url": "http://h.test"}],
        "routes": [{"name": "r", "paths": ["/"], "service": "a_b"}],
    }
    text = export(a_source(document), Wish()).stream
    assert resources(text).keys() >= {"konnect_gateway_service.a_b", "konnect_gateway_service.a_b_2"}
    (told,) = [name for kind, name in REFERENCE.findall(text) if kind == "konnect_gateway_service"]
    body = text[text.index(f'"konnect_gateway_service" "{told}"') :]
    assert 'name = "a_b"' in body[: body.index("}")]


SMALL = """
_format_version: "3.0"
vaults: [{name: env, prefix: team, config: {prefix: TEAM_}}]
upstreams: [{name: models, targets: [{target: "192.0.2.1:443"}]}]
services:
- name: openai-api
  url: https://api.openai.com/v1
  plugins: [{name: prometheus}]
  routes:
  - name: chat
    paths: [/openai/chat]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/openai-auth-header}"}
        model: {provider: openai, name: gpt-6-luna}
"""


def test_it_reads_as_people_write() -> None:
    text = export(a_source(yaml.safe_load(SMALL)), Wish()).stream
    check_golden(Path(__file__).parent / "golden" / "main.tf", text)


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed; a parser read it above")
def test_terraform_itself_parses_it(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(export(a_source(edited()), Wish()).stream)
    done = subprocess.run(
        ["terraform", "fmt", "-write=false", "-list=false", str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
