"""Flags over environment over saved answers over defaults, and who said what."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.providers import providers
from quickstart import sources as room
from quickstart.answers import Answers, Hosted
from quickstart.errors import UsageError
from quickstart.sources import Given, Sources

OPENAI = providers()["openai"]
KEY = "sk-from-somewhere-0123456789"


@pytest.mark.parametrize(
    ("flag", "environment", "saved", "expected"),
    [
        ("9001", "9002", 9003, Given(9001, "--proxy-port")),
        (None, "9002", 9003, Given(9002, "$AI_GATEWAY_PROXY_PORT")),
        (None, "", 9003, Given(9003, "saved")),
        (None, None, None, Given(8000, "")),
    ],
)
def test_precedence(flag: str | None, environment: str | None, saved: int | None, expected: Given) -> None:
    variables = {} if environment is None else {"AI_GATEWAY_PROXY_PORT": environment}
    answers = None if saved is None else Answers(proxy_port=saved)
    assert Sources({"proxy_port": flag}, variables, answers).value("proxy_port") == expected


def test_what_was_said_is_not_asked() -> None:
    assert Given(1, "--proxy-port").fixed
    assert Given(1, "$X").fixed
    assert not Given(1, "saved").fixed
    assert not Given(1, "").fixed


def test_switches_of_one_run_are_never_saved() -> None:
    assert Sources({}, {}, Answers(strict=True)).value("strict") == Given(False, "")
    assert Sources({"discover": False}, {}).value("discover") == Given(False, "--discover")


@pytest.mark.parametrize(
    ("flags", "environment", "origin"),
    [({"proxy_port": "x"}, {}, "--proxy-port"), ({}, {"AI_GATEWAY_PROXY_PORT": "x"}, r"\$AI_GATEWAY_PROXY_PORT")],
)
def test_a_bad_value_names_where_it_came_from(flags: dict[str, str], environment: dict[str, str], origin: str) -> None:
    with pytest.raises(UsageError, match=origin):
        Sources(flags, environment).value("proxy_port")


def test_pairs_flags_over_environment_by_name() -> None:
    given = Sources({"model": ("openai=a=b",)}, {"AI_GATEWAY_MODEL": "openai=x, cohere=y"}).pairs("model")
    assert given == {"openai": Given("a=b", "--model"), "cohere": Given("y", "$AI_GATEWAY_MODEL")}


@pytest.mark.parametrize("text", ["openai", "=x", "openai=", "openai= "])
def test_a_pair_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="PROVIDER=MODEL"):
        Sources({"model": (text,)}, {}).pairs("model")


def test_a_pair_given_twice() -> None:
    with pytest.raises(UsageError, match="twice"):
        Sources({"model": ("openai=a", "openai=b")}, {}).pairs("model")


def test_a_key_typed_where_a_file_belongs_is_not_repeated() -> None:
    with pytest.raises(UsageError) as refused:
        Sources({"key_file": (KEY,)}, {}).pairs("key_file")
    assert KEY not in refused.value.message + refused.value.hint


def test_a_key_comes_from_file_environment_or_saved(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-in-the-file")
    saved = {"OPENAI_AUTH_HEADER": "Bearer sk-saved"}
    variables = {"OPENAI_API_KEY": f" Bearer {KEY}\n"}

    def key(flags: dict[str, tuple[str, ...]], environment: dict[str, str], secrets: dict[str, str]) -> Given | None:
        return Sources(flags, environment, None, secrets).key(OPENAI, "OPENAI_AUTH_HEADER")

    flag = {"key_file": (f"openai={file}",)}
    assert key(flag, variables, saved) == Given("sk-in-the-file", "--key-file openai")
    assert key({}, variables, saved) == Given(KEY, "$OPENAI_API_KEY")
    assert key({}, {}, saved) == Given("sk-saved", "saved")
    assert key({}, {"OPENAI_API_KEY": '""'}, {}) is None


def test_a_bad_key_in_the_environment_is_named_by_its_variable_only() -> None:
    with pytest.raises(UsageError, match=r"\$OPENAI_API_KEY") as refused:
        Sources({}, {"OPENAI_API_KEY": f"{KEY} {KEY}"}).key(OPENAI, "OPENAI_AUTH_HEADER")
    assert KEY not in refused.value.message


@pytest.mark.parametrize("name", ["model", "key_file", "endpoint", "deployment"])
def test_a_misspelt_provider_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="'opnai' is not a provider"):
        Sources({name: ("opnai=x",)}, {}).unknown_names(list(providers()))


def test_skip_too() -> None:
    with pytest.raises(UsageError, match="nobody"):
        Sources({"skip": ("nobody",)}, {}).unknown_names(list(providers()))
    Sources({"skip": ("mine",)}, {}, Answers(hosted=(Hosted("openai", "m", "mine"),))).unknown_names(list(providers()))


@pytest.mark.parametrize("text", ["", "-x", "a b", "ü", "a/b", "a$", "x" * 41, "a_b"])
def test_names_that_no_path_can_have(text: str) -> None:
    with pytest.raises(UsageError):
        room.public_name(text, "--local")


def test_small_parts() -> None:
    assert room.public_name(" Mine-1 ", "x") == "mine-1"
    assert room.url_and_model("http://x#a/b:c#d") == ("http://x", "a/b:c#d")
    assert room.own_variable("my-host") == "MY_HOST_API_KEY"
