"""YAML as people read it: no aliases, block style, texts of several lines as blocks, tags where a format has its own.

Not for: reading YAML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

_ODD_ENDS = frozenset("\r\x85\u2028\u2029")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value with a tag of its own: Tagged("!env", "OPENAI_API_KEY") is `!env OPENAI_API_KEY`."""

    tag: str
    value: str


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # some of Unicode's line ends are folded away in any other style
    style = '"' if _ODD_ENDS.intersection(value) else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _tagged(dumper: yaml.SafeDumper, value: Tagged) -> yaml.Node:
    return dumper.represent_scalar(value.tag, value.value)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Tagged, _tagged)


def dump(*documents: Any, head: str = "") -> str:
    """One or several documents as text; `head` is a comment without its `#`, may have several lines."""
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    texts = [
        str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000))
        for document in documents
    ]
    return comment + "---\n".join(texts)
