"""A .env file: keys of providers under their usual names, settings of setup, and our own file of keys.

Not for: YAML (the other rooms).
"""

from __future__ import annotations

import re

from gateway.providers import providers
from quickstart import keys, messages, secret_file
from quickstart.answers import INPUTS, questions, secret_name
from quickstart.imports.imported import Imported, Note

_LINE = re.compile(r"\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=")
_COMMENT = re.compile(r"\s+#.*\Z")
text_of = messages.text


def fits(text: str) -> bool:
    """Whether every line that says something is NAME=value."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and all(_LINE.match(line) for line in lines)


def read(text: str, name: str) -> Imported:
    """Everything that setup would take from the environment; the other names are told, never their values."""
    found = secret_file.parse("\n".join(_plain(line) for line in text.splitlines()))
    usual = {variable: provider for provider in providers().values() for variable in provider.environment}
    settings = {question.environment(word) for word, question in (questions() | INPUTS).items()}
    endpoints = {
        _endpoint(variable) for variable, provider in usual.items() if "azure_instance" in provider.required_options
    }
    own = {secret_name(provider.name): provider for provider in providers().values()}
    environment: dict[str, str] = {}
    others: list[str] = []
    for variable, value in found.items():
        if not value:
            continue
        if variable in own:
            provider = own[variable]
            if provider.environment:
                environment.setdefault(provider.environment[0], keys.key_of(provider, value))
        elif variable in usual or variable in settings or variable in endpoints:
            environment[variable] = value
        else:
            others.append(variable)
    notes = (
        [Note(text_of("imports.names", file=name, names=", ".join(others)), text_of("imports.names_hint"))]
        if others
        else []
    )
    return Imported("env", environment=environment, notes=tuple(notes))


def _plain(line: str) -> str:
    """A line without a comment behind an unquoted value."""
    _, _, value = line.partition("=")
    if value.lstrip()[:1] in ("'", '"'):
        return line
    return _COMMENT.sub("", line)


def _endpoint(variable: str) -> str:
    return variable.removesuffix("_API_KEY").removesuffix("_KEY") + "_ENDPOINT"
