"""Every question is declared once: these tests hold the declarations to their promises."""

from __future__ import annotations

import pytest

from quickstart import messages
from quickstart.answers import COMPATIBLE, INPUTS, Answers, Hosted, Local, questions, secret_name
from quickstart.plan import LISTENERS


def test_every_question_has_help_and_a_type() -> None:
    for name, question in {**questions(), **INPUTS}.items():
        assert question.kind, name
        assert question.help or not question.flag, f"{name} has a flag, but no help"


def test_every_prompt_is_in_the_catalogue() -> None:
    assert {question.prompt for question in questions().values()} - {""} <= set(messages.catalogue())


def test_flags_and_variables_are_unique() -> None:
    declared = {**questions(), **INPUTS}
    flags = [part for question in declared.values() for part in question.flag.split("/") if part]
    assert len(flags) == len(set(flags))
    variables = [question.environment(name) for name, question in declared.items()]
    assert len(variables) == len(set(variables))
    assert all(variable.startswith("AI_GATEWAY_") for variable in variables)


def test_the_variables_that_are_promised() -> None:
    declared = {**questions(), **INPUTS}
    for name in ("proxy_port", "output_dir", "runtime", "base_image"):
        assert declared[name].environment(name) == f"AI_GATEWAY_{name.upper()}"


def test_no_key_is_a_flag() -> None:
    assert not [name for name in questions() if "key" in name and questions()[name].kind == "text"]


def test_every_listener_has_a_port() -> None:
    assert tuple(Answers().ports) == LISTENERS


def test_secrets_do_not_show() -> None:
    answers = Answers(secrets={"OPENAI_AUTH_HEADER": "Bearer canary"})
    assert "canary" not in repr(answers)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (Hosted("openai", "m"), "OPENAI_AUTH_HEADER"),
        (Hosted("mistral", "m", "mistral-cloud"), "MISTRAL_AUTH_HEADER"),
        (Hosted(COMPATIBLE, "m", "my-host"), "MY_HOST_AUTH_HEADER"),
        (Local("mistral", "localhost:1", "m"), "LOCAL_MISTRAL_AUTH_HEADER"),
    ],
)
def test_each_has_a_secret_of_its_own(item: Hosted | Local, name: str) -> None:
    assert item.secret == name


def test_a_secrets_name_is_a_variables_name() -> None:
    assert secret_name("ünicode name.1") == "_NICODE_NAME_1_AUTH_HEADER"
