"""The Compose project: Compose itself reads it, and a container of it answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from support.docker_engine import base_image, bridge_address
from support.export_readers import compose
from support.exported import a_source, edited
from support.gateway_process import ask, free_ports
from support.providers_mock import OpenAI

from quickstart import __version__
from quickstart.exports._bundle import Bundle, Wish
from quickstart.exports._source import source
from quickstart.exports.compose import export

KEY = "sk-canary-compose-51"
TEXT = """
_format_version: "3.0"
services:
- name: mock
  url: URL
  routes:
  - name: chat
    paths: [/mock/chat]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/mock-auth-header}"}
        model: {provider: openai, name: gpt-6-luna, options: {upstream_url: URL}}
    - name: ai-prompt-guard
      config: {deny_patterns: ["a${b}$$c"]}
"""


def written(bundle: Bundle, folder: Path) -> Path:
    for name, content in bundle.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_compose_reads_both_forms_and_sees_the_configuration_as_it_is(tmp_path: Path) -> None:
    bundle = export(a_source(edited()), Wish())
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "compose.yaml").write_text(bundle.stream)
    written(bundle, tmp_path / "folder")
    (tmp_path / "folder" / "secrets.env").touch()
    for name in ("alone", "folder"):
        done = compose(tmp_path / name, "config", "--format", "json")
        assert done.returncode == 0, done.stderr
        assert "warn" not in done.stderr.lower()
        project = json.loads(done.stdout)
        gateway = project["services"]["gateway"]
        assert gateway["read_only"] and gateway["cap_drop"] == ["ALL"]
        assert ("build" in gateway) == (name == "folder")
    # what `config` prints is a compose file again, in which `$` is doubled
    content = json.loads(compose(tmp_path / "alone", "config", "--format", "json").stdout)["configs"]["kong"]["content"]
    assert content.replace("$$", "$") == str(bundle.files["kong.yml"]) and "${secret}" in content


def test_without_keys_no_file_of_keys_is_asked_for(tmp_path: Path) -> None:
    bundle = export(
        source(TEXT.replace("auth:", "logging: {}\n        # auth:").replace("URL", "http://h.test/v1"), {}), Wish()
    )
    project = yaml.safe_load(bundle.stream)
    assert "secrets" not in project and "KONG_VAULT_ENV_FILE" not in project["services"]["gateway"]["environment"]
    assert not any("AI_GATEWAY_SECRETS" in note.message for note in bundle.notes)


def test_a_wished_image_is_not_built() -> None:
    bundle = export(a_source(), Wish(image="r.test/gw:2"))
    assert yaml.safe_load(str(bundle.files["compose.yaml"]))["services"]["gateway"]["image"] == "r.test/gw:2"
    assert not [name for name in bundle.files if name.startswith("gateway/")]


@pytest.mark.docker
@pytest.mark.timeout(300)
def test_it_is_built_started_and_answers(tmp_path: Path) -> None:
    with OpenAI(KEY, host=bridge_address()) as upstream:
        url = f"http://localhost:{upstream.port}/v1/chat/completions"
        bundle = export(source(TEXT.replace("URL", url), {}), Wish())
        folder = written(bundle, tmp_path / "project")
        keys = folder / "secrets.env"
        keys.write_text(f"MOCK_AUTH_HEADER='Bearer {KEY}'\n")
        keys.chmod(0o400)
        if os.geteuid() == 0:
            os.chown(keys, 10001, 10001)
        port = str(free_ports(1)[0])
        project = f"ai-gateway-test-{os.getpid()}"
        file = folder / "compose.yaml"  # an image of its own, which may be removed: no user's
        file.write_text(file.read_text().replace(f"image: ai-gateway:{__version__}", f"image: {project}:1"))
        names = {"AI_GATEWAY_PROXY_PORT": port, "COMPOSE_PROJECT_NAME": project, "DOCKER_BUILDKIT": "0"}
        try:
            up = compose(folder, "up", "--detach", "--wait", "--build", **names)
            assert up.returncode == 0, up.stderr[-3000:] + compose(folder, "logs", **names).stdout[-3000:]
            got = ask(int(port), "POST", "/mock/chat", {"messages": [{"role": "user", "content": "1+1?"}]})
            assert got.status == 200 and got.json["choices"], got.body
            assert upstream.last.headers["authorization"] == f"Bearer {KEY}"
            assert KEY not in compose(folder, "config", **names).stdout
        finally:
            down = compose(folder, "down", "--volumes", "--rmi", "all", "--timeout", "5", **names)
    assert down.returncode == 0, down.stderr
    assert base_image()
