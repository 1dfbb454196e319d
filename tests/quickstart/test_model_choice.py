"""The model proposed exists, is not retired, and is never a placeholder."""

from __future__ import annotations

import pytest

from gateway.providers import providers
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
