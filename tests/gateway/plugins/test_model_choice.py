"""What the `model` of a request may say, and whom it means."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.plugins._balancer import Member
from gateway.plugins._model_choice import ModelChoice, UnknownModel


def choice(*targets: tuple[str | None, str, str | None]) -> ModelChoice:
    """Targets as (alias, provider, name)."""
    members = []
    for position, (alias, provider, name) in enumerate(targets):
        proxy = SimpleNamespace(alias=alias, model=name, provider=SimpleNamespace(name=provider), template=None)
        members.append(Member(position, cast(Any, proxy), 100))
    return ModelChoice(members)


def meant(made: ModelChoice, asked: object) -> tuple[list[int], str]:
    found = made.of(asked)
    return [member.position for member in found.members], found.model


FRONT = choice(
    ("openai", "openai", "gpt-6-luna"),
    ("groq", "openai", "gpt-oss"),
    ("anthropic", "anthropic", "claude"),
    ("gpt-oss", "mistral", "shadow"),
)


@pytest.mark.parametrize(
    ("asked", "position"),
    [
        ("openai", 0), ("gpt-6-luna", 0), ("openai/gpt-6-luna", 0), ("groq", 1), ("groq/gpt-oss", 1),
        ("openai/gpt-oss", 1), ("anthropic/claude", 2), ("claude", 2), ("gpt-oss", 3), ("mistral/shadow", 3),
        (None, 0), ("", 0), (5, 0),
    ],
)  # fmt: skip
def test_names(asked: object, position: int) -> None:
    assert meant(FRONT, asked) == ([position], "")


@pytest.mark.parametrize("asked", ["other", "OPENAI", "openai/", "/gpt-6-luna", "anthropic/gpt-6-luna"])
def test_an_unknown_name_lists_the_known(asked: str) -> None:
    with pytest.raises(UnknownModel) as refused:
        FRONT.of(asked)
    assert str(refused.value).startswith(
        "cannot use own model - must be one of: openai, groq, anthropic, gpt-oss, gpt-6-luna, "
    )


def test_targets_of_one_name_share_it() -> None:
    made = choice(("a", "openai", "m"), ("b", "mistral", "m"), ("a", "azure", "n"))
    assert meant(made, "m") == ([0, 1], "")
    assert meant(made, "a") == ([0, 2], "")
    assert meant(made, None) == ([0, 2], "")


def test_without_aliases_a_request_without_a_model_means_all() -> None:
    made = choice((None, "openai", "m"), (None, "mistral", "n"))
    assert meant(made, None) == ([0, 1], "")
    assert meant(made, "mistral/n") == ([1], "")


def test_a_target_without_a_model_takes_any_by_its_prefix() -> None:
    made = choice(("openai", "openai", None), ("mistral", "mistral", None))
    assert meant(made, "openai/text-embedding-3-small") == ([0], "text-embedding-3-small")
    assert meant(made, "mistral/a/b") == ([1], "a/b")
    with pytest.raises(UnknownModel) as refused:
        made.of("text-embedding-3-small")
    assert str(refused.value).endswith("must be one of: openai/MODEL, mistral/MODEL")


def test_the_only_target_without_a_model_takes_any() -> None:
    made = choice(("openai", "openai", None), ("mistral", "mistral", "mistral-embed"))
    assert meant(made, "text-embedding-3-small") == ([0], "text-embedding-3-small")
    assert meant(made, "mistral-embed") == ([1], "")


def test_a_list_of_names_stays_readable() -> None:
    made = choice(*((f"a{number}", "openai", f"m{number}") for number in range(100)))
    with pytest.raises(UnknownModel, match=r"a0, a1, .* and \d+ more$"):
        made.of("x")
