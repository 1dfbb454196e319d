"""The folder is the list of providers."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import providers as package
from gateway.providers import get, owner_of, providers


def test_every_file_without_underscore_is_one_provider() -> None:
    files = {path.stem for path in Path(package.__path__[0]).glob("*.py") if not path.stem.startswith("_")}
    assert set(providers()) == files


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"unknown provider 'opnai': use one of .*anthropic, azure"):
        get("opnai")


@pytest.mark.parametrize("name", ["", "_base", "_ollama", "openai.x"])
def test_what_is_no_providers_name_finds_none(name: str) -> None:
    with pytest.raises(KeyError, match="unknown provider"):
        get(name)


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("sk-proj-abc", "openai"),
        ("sk-abc", "openai"),
        ("sk-ant-api03-abc", "anthropic"),
        ("sk-or-v1-abc", "openrouter"),
        ("gsk_abc", "groq"),
        ("xai-abc", "xai"),
        ("hf_abc", "huggingface"),
        ("AIzaabc", "gemini"),
        ("0123456789abcdef", ""),
        ("", ""),
    ],
)
def test_a_key_tells_its_owner_by_the_longest_beginning(key: str, owner: str) -> None:
    assert owner_of(key) == owner


def test_instances_are_shared() -> None:
    assert get("openai") is get("openai")
