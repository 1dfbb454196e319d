"""What is rendered is what the gateway reads back, value by value; golden files show it whole."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.example_answers import EVERYTHING, LOCALS
from support.golden import check_golden
from support.rendered import original_routes

from quickstart.answers import Answers
from quickstart.errors import QuickstartError
from quickstart.plan import Plan
from quickstart.planning import make_plan
from quickstart.render import check, quote, reference, render

GOLDEN = Path(__file__).parent / "golden"


def plan_of(answers: Answers) -> Plan:
    return make_plan(answers, lambda: False, lambda port: False, "Linux")


EVERY = plan_of(EVERYTHING)


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("everything", EVERYTHING),
        ("builtin", Answers(builtin_model=True, runtime="process")),
        ("docker_local", Answers(local=LOCALS, runtime="docker")),
    ],
)
def test_golden_configurations(name: str, answers: Answers) -> None:
    check_golden(GOLDEN / f"{name}.kong.yml", render(plan_of(answers)).kong_yml)


def test_golden_exports() -> None:
    text = render(replace(EVERY, ports={**EVERY.ports, "proxy": 9000})).kong_env
    check_golden(GOLDEN / "ports.kong.env", text)
    assert re.findall(r"^export (\w+)=", text, re.M) == [
        "KONG_PROXY", "KONG_ADMIN_API", "KONG_MANAGER", "KONG_DEV_PORTAL", "KONG_FILES_API",
    ]  # fmt: skip


def test_no_secret_is_rendered() -> None:
    rendered = render(EVERY)
    assert "canary" not in rendered.kong_yml + rendered.kong_env
    assert '"{vault://env/openai-auth-header}"' in rendered.kong_yml


def test_every_service_agrees_with_its_plugins() -> None:
    for service, route in original_routes(render(EVERY).kong_yml):
        options = route["plugins"][0]["config"]["model"].get("options", {})
        if upstream := options.get("upstream_url"):
            url = urlsplit(upstream)
            assert (url.scheme, url.hostname, url.port) == (service["protocol"], service["host"], service["port"])
            assert url.path == service["path"]


def test_every_route_is_as_the_original_made_it() -> None:
    for service, route in original_routes(render(EVERY).kong_yml):
        public, operation = service["name"].removesuffix("-api"), route["name"].rpartition("-")[2]
        assert route["name"] == f"{service['name']}_{public}-{operation}"
        assert route["paths"] == [f"~/{public}/{operation}$"]
        assert (route["methods"], route["strip_path"], route["regex_priority"]) == (["POST"], False, 200)
        config = route["plugins"][0]["config"]
        assert config["route_type"] == f"llm/v1/{operation}"
        assert config["logging"] == {"log_statistics": True, "log_payloads": False}


def test_what_the_gateway_would_refuse_is_refused_here() -> None:
    with pytest.raises(QuickstartError, match="nothing was written") as refused:
        check('_format_version: "3.0"\nservices:\n- name: x\n  host: "a b"\n')
    assert "host" in refused.value.message


def test_a_reference_is_what_the_vault_turns_back() -> None:
    assert reference("MY_HOST_AUTH_HEADER") == "{vault://env/my-host-auth-header}"


@given(st.text() | st.sampled_from(["true", "No", "~", "null", "1", "1.5", "0x1f", "- a", "a: b", "#x", "2026-11-22"]))
@settings(max_examples=300)
def test_a_quoted_text_means_only_itself(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert yaml.safe_load(f"key: {quote(text)}\n") == {"key": text}


@pytest.mark.parametrize("value", [True, False, 3, 1.5])
def test_other_scalars_keep_their_type(value: object) -> None:
    assert yaml.safe_load(quote(value)) == value


@given(st.text(min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_model_name_survives_or_is_refused(model: str) -> None:
    answers = Answers(local=(replace(LOCALS[0], model=model),), runtime="process")
    try:
        text = render(plan_of(answers)).kong_yml
    except QuickstartError:
        return
    service = yaml.safe_load(text)["services"][0]
    assert service["routes"][0]["plugins"][0]["config"]["model"]["name"] == model.strip()
