"""The model proposed exists, is not retired, and is never a placeholder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers import providers
from gateway.providers._base import Provider
from quickstart import model_choice, offers
from quickstart.errors import UsageError

OPENAI = providers()["openai"]


def test_the_first_of_the_catalogue_that_the_account_has() -> None:
    assert model_choice.propose(OPENAI, ["zzz", OPENAI.catalogue[1], OPENAI.catalogue[2]]) == OPENAI.catalogue[1]


def test_offline_the_catalogue_decides() -> None:
    assert model_choice.propose(OPENAI, []) == OPENAI.catalogue[0]


def test_an_account_with_none_of_them_gets_one_it_has() -> None:
    assert model_choice.propose(OPENAI, [OPENAI.retired[0], "model", "own-finetune"]) == "own-finetune"
    assert model_choice.propose(OPENAI, [OPENAI.retired[0]]) == ""


LISTS = {
    "openai": (
        "text-embedding-3-small whisper-1 gpt-4o-mini tts-1-hd dall-e-3 gpt-7-preview gpt-7-opal gpt-7-opal-mini "
        "gpt-7-opal-mini-2027-01-05 omni-moderation-latest gpt-realtime gpt-7-codex gpt-image-2 gpt-4-0613 "
        "gpt-7-opal-pro",
        ["gpt-7-opal-mini", "gpt-7-opal", "gpt-7-opal-pro", "gpt-7-opal-mini-2027-01-05", "gpt-7-preview"],
    ),
    "anthropic": (
        "claude-opus-6 claude-haiku-6 claude-sonnet-6 claude-haiku-5-9 claude-haiku-6-20270301",
        ["claude-haiku-6", "claude-haiku-5-9", "claude-sonnet-6", "claude-opus-6", "claude-haiku-6-20270301"],
    ),
    "mistral": (
        "mistral-embed mistral-ocr-latest mistral-large-5 ministral-3b-latest voxtral-small-transcribe "
        "mistral-moderation",
        ["ministral-3b-latest", "mistral-large-5"],
    ),
    "gemini": (
        "gemini-embedding-001 imagen-4 gemini-5-flash-exp gemini-5-flash gemini-5-pro gemini-5-flash-native-audio aqa",
        ["gemini-5-flash", "gemini-5-pro", "gemini-5-flash-exp"],
    ),
    "cohere": ("embed-v4.0 rerank-v3.5 command-b-large-2027 c4-small", ["c4-small", "command-b-large-2027"]),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_the_future_is_ranked(name: str) -> None:
    """No name of these is in the catalogue: what is cheap, finished and chats comes first, what cannot chat never."""
    listed, expected = LISTS[name]
    assert model_choice.ranked(providers()[name], listed.split()) == expected
    assert model_choice.propose(providers()[name], listed.split()[::-1]) == expected[0]


@pytest.mark.parametrize("provider", offers.offered(), ids=lambda provider: provider.name)
def test_the_catalogue_goes_before_all_others(provider: Provider) -> None:
    live = ["aaa-nano-99", "text-embedding-1", *reversed(provider.catalogue)]
    ranked = model_choice.ranked(provider, live)
    usable = [name for name in provider.catalogue if name not in provider.retired]
    assert ranked == [*usable, "aaa-nano-99"]


@given(st.lists(st.text(max_size=30)))
def test_whatever_is_listed_the_proposal_is_from_it(live: list[str]) -> None:
    ranked = model_choice.ranked(OPENAI, live)
    assert set(ranked) <= set(live) and len(set(ranked)) == len(ranked)
    assert model_choice.propose(OPENAI, live) in ([*ranked[:1]] or [""] if live else [OPENAI.catalogue[0]])


def test_a_frozen_state_goes_with_its_model() -> None:
    for name in ("gpt-4o", "gpt-4o-2024-08-06", "gpt-4-0613", "gpt-3.5-turbo-1106"):
        assert model_choice.is_retired(OPENAI, name)
    assert not model_choice.is_retired(OPENAI, "gpt-6-luna-2026-10-01")


@pytest.mark.parametrize("provider", offers.offered(), ids=lambda provider: provider.name)
def test_no_catalogue_proposes_what_is_retired_or_a_placeholder(provider: object) -> None:
    assert model_choice.propose(provider, []) not in provider.retired  # type: ignore[attr-defined, arg-type]
    assert not any(model_choice.is_placeholder(name) for name in provider.catalogue)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "  ", "model", "MODEL", "<model>", "your-model", "{{ model }}", "a\nb", "x" * 301,
                                  "${MODEL}", "$(headers.x)"])  # fmt: skip
def test_what_is_no_model_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="openai"):
        model_choice.checked(name, "openai")


@pytest.mark.parametrize("name", ["gpt-6-luna", "./models/a b.gguf", "vendor/model:free", "日本語モデル"])
def test_any_other_name_may_be_meant(name: str) -> None:
    assert model_choice.checked(f" {name} ", "x") == name
