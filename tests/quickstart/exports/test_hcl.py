"""HCL that a real parser reads back as it was meant."""

from __future__ import annotations

from typing import Any

import hcl2
from hypothesis import given
from hypothesis import strategies as st

from quickstart.exports._hcl import Expression, attributes, block, text, value


def read(code: str) -> Any:
    return hcl2.loads(code)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20))
def test_a_text_stands_for_itself(said: str) -> None:
    quoted = text(said)
    assert "${" not in quoted.replace("$${", "") and "%{" not in quoted.replace("%%{", "")
    if "{" not in said:  # this parser, other than Terraform, wants even an escaped brace to be closed
        read(f"a = {quoted}\n")


def test_values() -> None:
    code = attributes(
        {"a": True, "b": None, "c": [1, "x"], "d": {"e-f": 1.5, "g h": []}, "i": Expression("var.x"), "j": [{"k": 1}]}
    )
    assert code == (
        'a = true\nb = null\nc = [1, "x"]\nd = {\n  e-f = 1.5\n  "g h" = []\n}\ni = var.x\n'
        "j = [\n  {\n    k = 1\n  },\n]\n"
    )
    assert value({}) == "{}" and value("a\nb${c}") == '"a\\nb$${c}"'
    assert set(read(code)) >= {"a", "b", "c", "d", "i", "j"}


def test_a_block() -> None:
    code = block("resource", "kind", "name", body={"a": 1})
    assert code == 'resource "kind" "name" {\n  a = 1\n}\n\n'
