"""Which tool a file is of is told by what stands in it, and every wrong file by a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from quickstart.errors import UsageError
from quickstart.imports import imported
from quickstart.imports.reading import LARGEST, read


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("kong.yaml", '_format_version: "3.0"\nservices: []\n', "deck"),
        ("kong.json", '{"_format_version": "3.0", "services": []}', "deck"),
        ("some.yml", "plugins:\n- name: prometheus\n", "deck"),
        ("config.yaml", "model_list: []\n", "litellm"),
        (".env", "OPENAI_API_KEY=a\n", "env"),
        (".env.local", "A: b", "env"),
        ("keys.txt", "# mine\nexport OPENAI_API_KEY='a'\n\nB=c\n", "env"),
        ("secrets.env", "OPENAI_AUTH_HEADER='Bearer a'\n", "env"),
    ],
)
def test_kinds(name: str, text: str, kind: str) -> None:
    assert read(text, name, {}).kind == kind


@pytest.mark.parametrize("text", ["", "just words\n", "{]", "a: 1\n", "- 1\n", "\x00"])
def test_what_it_is_not_is_said(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(text, "file.yaml", {})
    assert "LiteLLM" in refused.value.hint and "file.yaml" in refused.value.message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, content in ((tmp_path / "none", None), (tmp_path / "bin", b"\xff\xfe\xfa"), (tmp_path / "dir", b"")):
        if path.name == "dir":
            path.mkdir()
        elif content is not None:
            path.write_bytes(content)
        with pytest.raises(UsageError, match=path.name):
            imported(path, {})
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(UsageError, match="too large"):
        imported(large, {})
