"""Answers survive being saved; what is wrong in a file is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from quickstart import documents
from quickstart.answers import Answers, Hosted, Local
from quickstart.errors import UsageError

FULL = Answers(
    consent=True,
    hosted=(Hosted("openai", "gpt-6-luna", "openai"), Hosted("azure", "d", "azure", "https://x.openai.azure.com", "d")),
    local=(Local("mistral", "http://localhost:7999", "mistral", "llama.cpp"),),
    runtime="process",
    output_dir=Path("/tmp/elsewhere"),
    proxy_port=8010,
    strict=True,
    secrets={"OPENAI_AUTH_HEADER": "Bearer canary"},
)


def test_saved_answers_come_back_through_yaml() -> None:
    text = yaml.safe_dump(documents.to_document(FULL))
    again = documents.from_document(yaml.safe_load(text))
    assert (again.hosted, again.local, again.proxy_port, again.output_dir) == (
        FULL.hosted, FULL.local, FULL.proxy_port, FULL.output_dir,
    )  # fmt: skip
    assert documents.to_document(again) == documents.to_document(FULL)


def test_neither_secrets_nor_switches_of_one_run_are_saved() -> None:
    document = documents.to_document(FULL)
    assert "canary" not in repr(document)
    assert not {"secrets", "consent", "strict", "test", "discover"} & set(document)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "one mapping"),
        ("text", "one mapping"),
        ({"version": 99}, "version 99"),
        ({"colour": "red"}, "'colour' is not an answer"),
        ({"secrets": {}}, "'secrets' is not an answer"),
        ({"proxy_port": "many"}, "proxy_port is 'many'"),
        ({"proxy_port": 0}, "from 1 to 65535"),
        ({"proxy_port": 70000}, "from 1 to 65535"),
        ({"proxy_port": True}, "from 1 to 65535"),
        ({"runtime": "podman"}, "auto, docker, process"),
        ({"builtin_model": "perhaps"}, "true or false"),
        ({"output_dir": ""}, "not empty"),
        ({"output_dir": "a\nb"}, "control character"),
        ({"hosted": {}}, "must be a list"),
        ({"hosted": ["x"]}, "must be a mapping"),
        ({"hosted": [{"provider": "openai"}]}, "'model' is missing"),
        ({"hosted": [{"provider": "openai", "model": "m", "key": "x"}]}, "'key' is not known"),
        ({"local": [{"public": "x", "url": "y", "model": 3}]}, "must be a text"),
        ({"local": [{"public": "x", "url": "y", "model": "m", "kind": "toaster"}]}, "kind is 'toaster'"),
    ],
)
def test_what_is_wrong_is_named(document: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        documents.from_document(document, "answers.yaml")
    assert "answers.yaml" in refused.value.message


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("YES", True), ("0", False), ("off", False), (False, False)]
)
def test_switches_from_text(text: object, value: bool) -> None:
    assert documents.parse("builtin_model", text, "x") is value


def test_paths_know_the_home_directory() -> None:
    assert documents.parse("output_dir", "~/x", "x") == Path("~/x").expanduser()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=10,
    )
)
def test_any_document_is_read_or_refused(document: Any) -> None:
    try:
        answers = documents.from_document(document)
    except UsageError:
        return
    assert isinstance(answers, Answers)


@given(
    st.sampled_from(["proxy_port", "workers", "runtime", "bind", "output_dir", "builtin_model"]), st.text(max_size=12)
)
def test_any_text_is_parsed_or_refused(name: str, text: str) -> None:
    try:
        documents.parse(name, text, "--x")
    except UsageError as error:
        assert "--x" in error.message
