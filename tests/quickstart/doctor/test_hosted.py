"""Each provider is asked once per key, at the right place, and its list of models is held against the routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.patients import SECRET, a_patient, codes, provided, served

from gateway.providers import get
from gateway.providers._base import Provider
from quickstart.doctor import hosted
from quickstart.keycheck import KeyCheck

KEYS = {SECRET: "Bearer right"}


@dataclass
class Asking:
    says: KeyCheck
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, provider: Provider, value: str, base: str, environment: Mapping[str, str]) -> KeyCheck:
        self.asked.append((provider.name, value, base))
        return self.says


def test_one_request_for_all_routes_of_a_provider(tmp_path: Path) -> None:
    asking = Asking(KeyCheck("ok", "ok", "key accepted", "", ("gpt-6-luna",)))
    routes = (provided(), provided(operation="completions", upstream_url="https://api.openai.com:443/v1/completions"))
    found = list(hosted.check(a_patient(tmp_path, *routes, secrets=KEYS), asking))
    assert codes(found) == [("ok", "ok")] and "models listed: 1" in found[0].message
    assert asking.asked == [("openai", "Bearer right", "")]


@pytest.mark.parametrize(("verdict", "mark"), [("bad", "bad"), ("warn", "warn"), ("unknown", "bad")])
def test_what_came_of_it(tmp_path: Path, verdict: str, mark: str) -> None:
    asking = Asking(KeyCheck(verdict, "some_kind", "what happened", "what to do"))  # type: ignore[arg-type]
    (found,) = hosted.check(a_patient(tmp_path, provided(), secrets=KEYS), asking)
    assert (found.mark, found.code, found.message, found.remedy) == (mark, "some_kind", "what happened", "what to do")


def test_a_model_that_has_left_the_list(tmp_path: Path) -> None:
    asking = Asking(KeyCheck("ok", "ok", "", "", ("models/gpt-7", "gpt-8")))
    patient = a_patient(tmp_path, provided(), provided(public="other", model="gpt-7"), secrets=KEYS)
    found = list(hosted.check(patient, asking))
    assert codes(found) == [("ok", "ok"), ("bad", "model_gone")]
    assert "gpt-6-luna" in found[1].message and "gpt-8" in found[1].remedy


def test_a_refused_request_tells_of_the_clock_too(tmp_path: Path) -> None:
    asking = Asking(KeyCheck("bad", "invalid_key", "no", "", (), 7200.0))
    found = list(hosted.check(a_patient(tmp_path, provided(), secrets=KEYS), asking))
    assert codes(found) == [("bad", "invalid_key"), ("warn", "clock")] and "120 minutes" in found[1].message


def test_who_is_not_asked(tmp_path: Path) -> None:
    asking = Asking(KeyCheck("ok", "ok", ""))
    assert list(hosted.check(a_patient(tmp_path, provided()), asking)) == []  # its key is not there
    assert list(hosted.check(a_patient(tmp_path, served(1)), asking)) == []
    assert asking.asked == []


@pytest.mark.parametrize(
    ("provider", "url", "base"),
    [
        ("openai", "https://api.openai.com:443/v1/chat/completions", ""),
        ("openai", "https://llm.example:443/v1/chat/completions", "https://llm.example:443"),
        ("openai", "http://127.0.0.1:9/proxy/v1/chat/completions", "http://127.0.0.1:9/proxy"),
        ("anthropic", "http://127.0.0.1:9/v1/messages", "http://127.0.0.1:9"),
        ("cohere", "http://127.0.0.1:9/v2/chat", "http://127.0.0.1:9"),
        ("groq", "https://api.groq.com:443/openai/v1/chat/completions", ""),
        (
            "azure",
            "https://x.openai.azure.com:443/openai/deployments/d/chat/completions",
            "https://x.openai.azure.com:443",
        ),
    ],
)
def test_the_place_that_is_asked(provider: str, url: str, base: str) -> None:
    assert hosted.base(get(provider), provided(upstream_url=url)) == base
