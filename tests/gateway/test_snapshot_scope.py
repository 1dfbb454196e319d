"""Which instance of a plugin runs, as a real Kong 3.9.1 decided it: tables of scopes, with and without a consumer."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.exchange import Answer, Gateway, Told

from gateway.errors import ConfigError

CASES = json.loads((Path(__file__).parent.parent / "conformance" / "kong-3.9.1.scope.json").read_text())
RUN = [case for case in CASES if case["config_status"] == 201]
REFUSED = [case for case in CASES if case["config_status"] != 201]
# Kong answers 500 to a plugin that names a route which is not there; a refusal that says so is the better answer. With
# consumer groups, which it does not know, Kong also blames references by name that are right.
BETTER = {"route reference missing"}
FEWER = {case["name"] for case in REFUSED if case["name"].startswith("chain with consumer group")}
COMPARED = ("apikey", "x-consumer-id", "x-consumer-username", "x-consumer-custom-id", "x-scope")


def asked(gateway: Gateway, recorded: dict[str, Any]) -> Told:
    headers = [tuple(line) for line in recorded["headers"]]
    return gateway.ask(recorded["method"], recorded["target"], headers, answer=Answer(200, {}, b"upstream"))


def applied(told: Told) -> str | None:
    """The scope of the instance that ran, which the configuration put into what the instance leaves behind."""
    if told.status == 418:
        return str(told.json["message"])
    sent = told.attempts[0].header("x-scope") if told.attempts else None
    return sent or told.header("x-scope")


def compared(headers: list[Any]) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in headers if name.lower() in COMPARED)


@pytest.mark.parametrize("case", RUN, ids=lambda case: case["name"])
def test_the_same_instance_runs(case: dict[str, Any]) -> None:
    gateway = Gateway(case["table"])
    for recorded in case["requests"]:
        told = asked(gateway, recorded["request"])
        about = recorded["request"]
        assert (told.status, applied(told)) == (recorded["status"], recorded["applied"]), about
        if "body" in recorded:
            identity = told.header("x-kong-request-id")
            assert identity is not None
            assert told.body.decode().replace(identity, "<volatile>") == recorded["body"], about
        if "upstream_headers" in recorded:
            assert compared(told.sent.headers) == compared(recorded["upstream_headers"]), about
            credentials = [name for name, _ in recorded["upstream_headers"] if name == "X-Credential-Identifier"]
            assert len(told.sent.all("x-credential-identifier")) == len(credentials)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_the_same_tables_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        Gateway(case["table"])
    if case["name"] in BETTER:
        return
    error = case["config_error"]
    if case["name"] in FEWER:
        assert refused.value.fields.keys() == error["fields"].keys()
        assert refused.value.fields["plugins"][8:] == error["fields"]["plugins"][8:]
        return
    assert refused.value.fields == error["fields"]
    assert refused.value.declarative()["message"] == error["message"]
