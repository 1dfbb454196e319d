"""Names are somebody's program's URL: a saved one stays, a new one never collides."""

from __future__ import annotations

import pytest

from gateway.providers import providers
from quickstart import naming
from quickstart.answers import COMPATIBLE, Answers, Hosted, Local
from quickstart.errors import UsageError

LOCAL = Local("mistral", "localhost:7999", "m")


def names(answers: Answers) -> list[str]:
    named = naming.named(answers, providers())
    return [item.public for item in (*named.hosted, *named.local)]


def test_a_hosted_provider_has_its_own_name() -> None:
    assert names(Answers(hosted=(Hosted("mistral", "m"), Hosted("openai", "m")))) == ["mistral", "openai"]


def test_beside_a_local_one_the_hosted_is_the_cloud() -> None:
    assert names(Answers(hosted=(Hosted("mistral", "m"),), local=(LOCAL,))) == ["mistral-cloud", "mistral"]


def test_a_saved_name_stays() -> None:
    local = Local("mistral-local", "localhost:7999", "m")
    assert names(Answers(hosted=(Hosted("mistral", "m", "mistral"),), local=(local,))) == ["mistral", "mistral-local"]
    assert names(Answers(hosted=(Hosted("mistral", "m", "mistral-cloud"),))) == ["mistral-cloud"]


@pytest.mark.parametrize(
    "answers",
    [
        Answers(local=(LOCAL, LOCAL)),
        Answers(local=(Local("local", "localhost:1", "m"),)),
        Answers(hosted=(Hosted("openai", "m", "mistral"),), local=(LOCAL,)),
        Answers(hosted=(Hosted(COMPATIBLE, "m", "groq", "https://x"),)),
        Answers(hosted=(Hosted(COMPATIBLE, "m", "local-x", "https://x"),)),
    ],
)
def test_a_name_that_belongs_to_another(answers: Answers) -> None:
    with pytest.raises(UsageError, match=r"cannot be used|belongs"):
        naming.named(answers, providers())


@pytest.mark.parametrize(
    ("kind", "model", "taken", "name"),
    [
        ("llama.cpp", "./models/mistral-7b-instruct.gguf", (), "mistral"),
        ("ollama", "mixtral:8x7b", (), "mistral"),
        ("ollama", "llama2:latest", (), "llama2"),
        ("ollama", "Llama-2-7b", (), "llama2"),
        ("ollama", "llama3.2", (), "ollama"),
        ("lm-studio", "qwen", (), "lmstudio"),
        ("ollama", "mistral", ("mistral",), "mistral-local"),
        ("ollama", "mistral", ("mistral", "mistral-local"), "mistral-2"),
    ],
)
def test_proposals(kind: str, model: str, taken: tuple[str, ...], name: str) -> None:
    assert naming.propose(kind, model, taken) == name  # type: ignore[arg-type]


def test_families() -> None:
    assert naming.family_of("mistral") == naming.family_of("mistral-2") == "mistral"
    assert naming.family_of("llama2") == "llama2"
    assert naming.family_of("mistralx") == naming.family_of("ollama") == ""
