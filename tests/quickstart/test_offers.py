"""What is offered, and in which order."""

from __future__ import annotations

from gateway.providers import providers
from quickstart import offers


def test_the_originals_come_first_and_in_its_order() -> None:
    names = [provider.name for provider in offers.offered()]
    assert names[:4] == ["openai", "cohere", "azure", "anthropic"]
    assert names[4:9] == ["mistral", "gemini", "groq", "deepseek", "openrouter"]
    assert len(names) == len(set(names))


def test_first_and_further_are_all() -> None:
    assert offers.first() + offers.further() == offers.offered()


def test_each_offer_can_be_set_up_with_a_key() -> None:
    for provider in offers.offered():
        assert provider.hosted and provider.environment and provider.key_url, provider.name


def test_what_needs_more_than_a_key_is_not_offered() -> None:
    offered = {provider.name for provider in offers.offered()}
    assert not offered & {name for name, provider in providers().items() if not provider.hosted}
    assert "bedrock" not in offered
