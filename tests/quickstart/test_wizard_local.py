"""Local models by every way: found, named as in the original, by URL, moved, built in."""

from __future__ import annotations

from typing import Any

from support.setup_parts import World, desk

from quickstart.answers import Answers, Hosted, Local
from quickstart.discovery import Probed, Server
from quickstart.wizard_local import ask_local

LLAMA = Server(7999, "llama.cpp", ("./models/mistral-7b.gguf",))
OLLAMA = Server(11434, "ollama", ("llama2:latest", "gemma4:latest"))
OTHER = ("Another model server", False)
SAVED = Answers(local=(Local("mistral", "http://localhost:7999", "mistral-7b", "llama.cpp"),))
AT_7999 = {"http://localhost:7999": Probed("llama.cpp", ("mistral-7b",))}


def ask(
    script: list[tuple[str, Any]], before: Answers | None = None, found: list[Server] | None = None, **more: Any
) -> tuple[Answers, str]:
    table, prompter, screen = desk(script, **more)
    answers = ask_local(table, before or Answers(), found or [])
    assert prompter.script == [], "not everything was asked"
    return answers, screen.text


def test_servers_found_are_offered_and_named_by_their_model() -> None:
    script = [
        ("Which of the servers", None),
        ("Public name of llama.cpp", None),
        ("Model of Ollama", None),
        ("Public name of Ollama", None),
        OTHER,
    ]
    answers, _ = ask(script, found=[LLAMA, OLLAMA])
    assert answers.local == (
        Local("mistral", "http://localhost:7999", "./models/mistral-7b.gguf", "llama.cpp"),
        Local("llama2", "http://localhost:11434", "llama2:latest", "ollama"),
    )


def test_a_name_that_is_taken_is_refused() -> None:
    script = [
        ("Which of", ["7999"]),
        ("Public name", "groq"),
        ("Public name", "Bad Name"),
        ("Public name", "mine"),
        OTHER,
    ]
    answers, _ = ask(script, Answers(hosted=(Hosted("groq", "m", "groq"),)), [LLAMA, OLLAMA])
    assert [item.public for item in answers.local] == ["mine"]


def test_the_originals_questions_where_nothing_is_found() -> None:
    script = [
        ("enable the local provider Mistral", True),
        ("URL of Mistral", None),
        ("Model of Mistral", None),
        ("enable the local provider Llama2", True),
        ("URL of Llama2", "localhost:7999"),
        ("Model of Llama2", "llama-2"),
        OTHER,
    ]
    answers, text = ask(script)
    assert answers.local == (
        Local("mistral", "http://localhost:11434", "mistral", "other"),
        Local("llama2", "http://localhost:7999", "llama-2", "other"),
    )
    assert "nothing answers at http://localhost:11434" in text


def test_any_server_by_its_url() -> None:
    no = [("local provider Mistral", False), ("local provider Llama2", False)]
    script = [
        *no,
        ("Another model server", True),
        ("URL of the server", "ftp://x"),
        ("URL of the server", "localhost:7999/v1"),
        ("Model of llama.cpp", None),
        ("Public name", None),
        ("One more", False),
    ]
    answers, text = ask(script, world=World(answers=AT_7999))
    assert answers.local == (Local("mistral", "http://localhost:7999/v1", "mistral-7b", "llama.cpp"),)
    assert "llama.cpp answers at" in text


def test_a_locked_server_gets_its_key() -> None:
    world = World(answers={"http://localhost:7999": Probed("llama.cpp", (), True)})
    script = [
        ("Mistral", True),
        ("URL", "localhost:7999"),
        ("Key of Mistral", "k123"),
        ("Model", "m"),
        ("Llama2", False),
        OTHER,
    ]
    answers, _ = ask(script, world=world)
    assert answers.secrets == {"LOCAL_MISTRAL_AUTH_HEADER": "Bearer k123"}


def test_a_server_without_a_model_is_told() -> None:
    world = World(answers={"http://localhost:11434": Probed("ollama", ())})
    _, text = ask([("Mistral", True), ("URL", None), ("Model", None), ("Llama2", False), OTHER], world=world)
    assert "has no model loaded" in text and "ollama pull" in text


def test_last_times_servers_stay_with_their_values() -> None:
    script = [("should stay", None), ("URL of mistral", None), ("Model of mistral", None), OTHER]
    answers, _ = ask(script, SAVED, [Server(7999, "llama.cpp", ("mistral-7b",))], world=World(answers=AT_7999))
    assert answers.local == SAVED.local


def test_or_go() -> None:
    script = [("should stay", []), ("Mistral", False), ("Llama2", False), OTHER, ("built-in model", False)]
    answers, _ = ask(script, SAVED)
    assert (answers.local, answers.builtin_model) == ((), False)


def test_a_server_that_moved_is_found_again() -> None:
    moved = Server(8081, "llama.cpp", ("mistral-7b",))
    world = World(answers={"http://localhost:8081": Probed("llama.cpp", ("mistral-7b",))})
    script = [
        ("should stay", None),
        ("Use http://localhost:8081 instead", True),
        ("URL of", None),
        ("Model", None),
        OTHER,
    ]
    answers, text = ask(script, SAVED, [moved], world=world)
    assert answers.local[0].url == "http://localhost:8081"
    assert "the same model answers on port 8081" in " ".join(text.split())


def test_servers_by_flag_are_not_asked_about() -> None:
    answers, text = ask([], flags={"local": ("mine=localhost:7999#m",)})
    assert [item.public for item in answers.local] == ["mine"]
    assert "mine (http://localhost:7999)" in text


def test_the_builtin_model_where_there_is_nothing_else() -> None:
    none = [("Mistral", False), ("Llama2", False), OTHER]
    assert ask([*none, ("small built-in model", None)])[0].builtin_model
    assert not ask(none, Answers(hosted=(Hosted("openai", "m"),)))[0].builtin_model
    assert not ask([*none, ("Keep the small", False)], Answers(builtin_model=True))[0].builtin_model
    assert ask(none, flags={"builtin_model": True})[0].builtin_model


def test_secrets_of_others_stay() -> None:
    before = Answers(hosted=(Hosted("openai", "m"),), secrets={"OPENAI_AUTH_HEADER": "Bearer x"})
    assert ask([("Mistral", False), ("Llama2", False), OTHER], before)[0].secrets == before.secrets
