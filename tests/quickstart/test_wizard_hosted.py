"""Keys typed by a script: skipped, cleaned, checked, kept, replaced; never shown."""

from __future__ import annotations

from typing import Any

import pytest
from support.setup_parts import CANARY, World, desk

from quickstart import layout, messages
from quickstart.answers import COMPATIBLE, Answers, Hosted
from quickstart.discovery import Probed
from quickstart.errors import Cancelled
from quickstart.keycheck import KeyCheck
from quickstart.wizard_hosted import ask_hosted

SKIP_FIRST = [("key for OpenAI", ""), ("key for Cohere", ""), ("key for Azure", ""), ("key for Anthropic", "")]
NO_MORE = ("Further hosted", [])
BAD = KeyCheck("bad", "invalid_key", "key rejected (401)", "Keys are made here: https://example.com")
SAVED = Answers(hosted=(Hosted("openai", "saved-model", "openai"),), secrets={"OPENAI_AUTH_HEADER": f"Bearer {CANARY}"})


def ask(script: list[tuple[str, Any]], before: Answers | None = None, **more: Any) -> tuple[Answers, str, list[str]]:
    table, prompter, screen = desk(script, **more)
    answers = ask_hosted(table, before or Answers())
    assert prompter.script == [], "not everything was asked"
    assert CANARY not in screen.text + " ".join(prompter.asked)
    return answers, screen.text, prompter.asked


def openai(*first: tuple[str, Any]) -> list[tuple[str, Any]]:
    return [*first, *SKIP_FIRST[1:], NO_MORE]


def test_blank_skips_everything() -> None:
    answers, _, _ = ask([*SKIP_FIRST, NO_MORE])
    assert (answers.hosted, answers.secrets) == ((), {})


def test_a_key_is_cleaned_confirmed_checked_and_stored_as_the_header() -> None:
    world = World({"openai": KeyCheck("ok", "ok", "key accepted, 61 models visible", "", ("gpt-6-luna",))})
    script = openai(("key for OpenAI", f' export OPENAI_API_KEY="{CANARY}"\n'), ("Model of OpenAI", None))
    answers, text, _ = ask(script, world=world)
    assert answers.hosted == (Hosted("openai", "gpt-6-luna"),)
    assert answers.secrets == {"OPENAI_AUTH_HEADER": f"Bearer {CANARY}"}
    assert f"received {len(CANARY)} characters, ends 9fQA" in text
    assert "removed from what was pasted: spaces, NAME=, quotes" in text
    assert "key accepted, 61 models visible" in text


def test_a_refused_key_may_be_typed_again() -> None:
    world = World({"openai": BAD})
    script = openai(
        ("key for OpenAI", CANARY), ("What now", "again"), ("key for OpenAI", CANARY + "2"), ("What now", "skip")
    )
    answers, text, _ = ask(script, world=world)
    assert answers.hosted == ()
    assert "key rejected (401)" in text and "https://example.com" in text
    assert len(world.asked) == 2


def test_or_kept_anyway() -> None:
    script = openai(("key for OpenAI", CANARY), ("What now", "keep"), ("Model of OpenAI", "m"))
    answers, _, _ = ask(script, world=World({"openai": BAD}))
    assert answers.hosted == (Hosted("openai", "m"),)


def test_what_cannot_be_checked_is_kept_and_that_is_said() -> None:
    world = World({"openai": KeyCheck("unknown", "timeout", "cannot check the key: no answer", "Behind a proxy?")})
    script = openai(("key for OpenAI", CANARY), ("What now", None), ("Model of OpenAI", None))
    answers, text, _ = ask(script, world=world)
    assert answers.hosted and "the key is kept unchecked" in text and "Behind a proxy?" in text


def test_what_cannot_be_checked_may_be_tried_again_or_skipped() -> None:
    world = World({"openai": KeyCheck("unknown", "timeout", "cannot check the key: no answer", "Behind a proxy?")})
    script = openai(("key for OpenAI", CANARY), ("What now", "again"), ("key for OpenAI", CANARY), ("What now", "skip"))
    answers, text, _ = ask(script, world=world)
    assert answers.hosted == () and "kept unchecked" not in text
    assert len(world.asked) == 2


def test_a_key_without_credit_is_kept_without_a_question() -> None:
    world = World({"openai": KeyCheck("warn", "no_credit", "key works, account has no API credit", "Add credit:")})
    answers, text, _ = ask(openai(("key for OpenAI", CANARY), ("Model of OpenAI", None)), world=world)
    assert answers.hosted and "kept unchecked" not in text and "Add credit:" in text


def test_a_key_with_a_space_inside_is_asked_again() -> None:
    script = openai(("key for OpenAI", f"{CANARY} {CANARY}"), ("key for OpenAI", ""))
    _, text, _ = ask(script)
    assert "space or a line break inside" in text


def test_another_providers_key_is_named() -> None:
    foreign = "sk-ant-api03-canary-canary-canary"
    script = openai(("key for OpenAI", foreign), ("Use it for OpenAI anyway", False), ("key for OpenAI", ""))
    answers, text, _ = ask(script)
    assert "looks like a key of Anthropic" in text and foreign not in text
    assert answers.hosted == ()


def test_a_key_in_the_environment_is_offered_by_name() -> None:
    script = openai(("enter = use $OPENAI_API_KEY, ****9fQA", ""), ("Model of OpenAI", None))
    answers, _, _ = ask(script, environment={"OPENAI_API_KEY": CANARY})
    assert answers.secrets == {"OPENAI_AUTH_HEADER": f"Bearer {CANARY}"}


def test_a_kept_key_stays_by_enter_and_goes_by_a_dash() -> None:
    kept, _, _ = ask(openai(("enter = keep ****9fQA", ""), ("Model of OpenAI", None)), SAVED)
    assert (kept.hosted, kept.secrets) == (SAVED.hosted, SAVED.secrets)
    gone, _, _ = ask(openai(("enter = keep ****9fQA", "-")), SAVED)
    assert (gone.hosted, gone.secrets) == ((), {})


def test_a_kept_key_may_be_replaced() -> None:
    answers, _, _ = ask(openai(("enter = keep", "sk-another-key-0123456789"), ("Model", None)), SAVED)
    assert answers.secrets == {"OPENAI_AUTH_HEADER": "Bearer sk-another-key-0123456789"}
    assert answers.hosted[0].public == "openai"


def test_a_placeholder_is_refused_at_the_prompt() -> None:
    script = openai(("key for OpenAI", CANARY), ("Model of OpenAI", "model"), ("Model of OpenAI", "real"))
    answers, _, asked = ask(script)
    assert answers.hosted[0].model == "real"
    assert any("placeholder" in line for line in asked)


def test_azure_is_asked_for_endpoint_and_deployment_before_the_check() -> None:
    world = World()
    key = "0123456789abcdef0123456789abcdef"
    script = [
        *SKIP_FIRST[:2],
        ("key for Azure", key),
        ("endpoint", "not a url"),
        ("endpoint", "res.openai.azure.com"),
        ("deployment", "dep"),
        SKIP_FIRST[3],
        NO_MORE,
    ]
    answers, _, _ = ask(script, world=world)
    assert answers.hosted == (Hosted("azure", "dep", "", "https://res.openai.azure.com:443", "dep"),)
    assert world.asked == [("azure", key, "https://res.openai.azure.com:443")]


def test_further_providers_and_those_with_a_key_are_chosen_already() -> None:
    script = [
        *SKIP_FIRST,
        ("Further hosted", None),
        ("key for Groq (enter = use $GROQ_API_KEY", ""),
        ("Model of Groq", None),
    ]
    answers, _, _ = ask(script, environment={"GROQ_API_KEY": "gsk_canary_canary_canary"})
    assert [item.provider for item in answers.hosted] == ["groq"]


def test_any_compatible_url_again_and_again() -> None:
    world = World(answers={"https://llm.example.com:443": Probed("vllm", ("qwen",))})
    script = [
        *SKIP_FIRST,
        ("Further hosted", [COMPATIBLE]),
        ("URL of the service", "https://llm.example.com/v1"),
        ("Short name", None),
        ("key for example", CANARY),
        ("Model of example", "m"),
        ("Another", True),
        ("URL of the service", "https://llm.example.com/v1"),
        ("Short name", "example"),
        ("Short name", "groq"),
        ("Short name", "two"),
        ("key for two", ""),
        ("Model of two", None),
        ("Another", False),
    ]
    answers, _, asked = ask(script, world=world)
    assert [(item.public, item.model) for item in answers.hosted] == [("example", "m"), ("two", "qwen")]
    assert answers.secrets == {"EXAMPLE_AUTH_HEADER": f"Bearer {CANARY}"}
    assert sum("is taken" in line for line in asked) == 2


def test_a_saved_compatible_service_is_asked_about_with_its_values() -> None:
    before = Answers(
        hosted=(Hosted(COMPATIBLE, "m", "mine", "https://x.example:443/v1"),),
        secrets={"MINE_AUTH_HEADER": f"Bearer {CANARY}"},
    )
    script = [
        *SKIP_FIRST,
        ("Further", None),
        ("URL of", None),
        ("key for mine (enter = keep ****9fQA", ""),
        ("Model", None),
    ]
    answers, _, _ = ask(script, before)
    assert (answers.hosted, answers.secrets) == (before.hosted, before.secrets)


def test_what_flags_say_is_not_asked() -> None:
    script = openai(("key for OpenAI", CANARY))
    answers, _, _ = ask(script, flags={"model": ("openai=own",), "check_keys": False})
    assert answers.hosted == (Hosted("openai", "own"),)
    answers, _, _ = ask([SKIP_FIRST[2], NO_MORE], flags={"skip": ("openai", "cohere", "anthropic")})


@pytest.mark.parametrize("at", range(len(SKIP_FIRST) + 1))
def test_cancelling_anywhere(at: int) -> None:
    script = [*SKIP_FIRST, NO_MORE]
    script[at] = (script[at][0], Cancelled)
    table, _, _ = desk(script[: at + 1])
    with pytest.raises(Cancelled):
        ask_hosted(table, Answers())


def test_texts_of_this_screen_are_short() -> None:
    hosted = [texts for key, texts in messages.catalogue().items() if key.startswith("hosted.")]
    assert hosted and all(layout.cells(text) < 100 for texts in hosted for text in texts.values())


def test_what_the_account_does_not_list_is_told_and_offline_the_catalogues_date() -> None:
    live = World({"openai": KeyCheck("ok", "ok", "key accepted", "", ("gpt-7-opal", "gpt-7-opal-mini", "whisper-2"))})
    asked = openai(("key for OpenAI", CANARY), ("Model of OpenAI", None))
    table, _, screen = desk(asked, live)
    assert ask_hosted(table, Answers()).hosted[0].model == "gpt-7-opal-mini"
    assert "not in the list" not in screen.text
    table, _, screen = desk([asked[0], ("Model of OpenAI", "mine"), *asked[2:]], live)
    assert ask_hosted(table, Answers()).hosted[0].model == "mine"
    assert "mine is not in the list" in screen.text
    offline = World({"openai": KeyCheck("unknown", "dns", "cannot check the key", "Online?")})
    table, _, screen = desk([asked[0], ("What now", None), *asked[1:]], offline)
    assert ask_hosted(table, Answers()).hosted[0].model == "gpt-6-luna"
    assert "what was current on 2026-11-22" in " ".join(screen.text.split())
