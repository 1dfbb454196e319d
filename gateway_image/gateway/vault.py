"""Secrets by reference: {vault://env/NAME} to a value, from a file or the environment. Not for: sending them anywhere.

Kong's grammar: {vault://NAME/RESOURCE[/KEY][?prefix=P][#VERSION]}. NAME is `env` or the prefix of a vault row; RESOURCE
in capitals with `-` as `_`, after the prefix, is the variable; KEY picks from a JSON value; version 2 reads
VARIABLE_PREVIOUS.

Deviation on purpose: what cannot be resolved is an error that names the reference; Kong sends an empty header. No
message holds a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from gateway.errors import VaultError
from gateway.schema import is_reference

__all__ = ["Vault", "VaultError", "is_reference", "read_secrets"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VAULT_NAME = re.compile(r"[a-z][a-z0-9-]*")
_ESCAPED = frozenset('"\\$`')


class Vault:
    """`entities`: rows of the kind "vaults". The file's values win over the environment's."""

    def __init__(
        self,
        environment: Mapping[str, str],
        secrets_file: Path | None = None,
        prefix: str = "",
        entities: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self._environment = environment
        self._file = secrets_file
        self._prefixes = {"env": prefix}
        self._prefixes |= {row["prefix"]: (row.get("config") or {}).get("prefix") or "" for row in entities}
        self._secrets: dict[str, str] = {}
        self.reload()

    def __repr__(self) -> str:
        return f"Vault({', '.join(self._prefixes)})"

    def reload(self) -> None:
        """Reads the file again. Raises VaultError, with the old values kept, when it cannot be read."""
        if self._file is not None:
            self._secrets = read_secrets(self._file)

    def with_entities(self, entities: Iterable[Mapping[str, Any]]) -> Vault:
        """The same secrets under the vault rows of another configuration."""
        other = Vault(self._environment, None, self._prefixes["env"], entities)
        other._file, other._secrets = self._file, self._secrets
        return other

    def resolve(self, reference: str) -> str:
        """The value that a reference stands for. Raises VaultError that names the reference and what to set."""
        if not is_reference(reference):
            raise VaultError(f"{reference} is no vault reference: write {{vault://env/NAME}}")
        body = reference[len("{vault://") : -1]
        body, _, version = body.partition("#")
        body, _, query = body.partition("?")
        name, _, path = body.partition("/")
        resource, _, key = path.partition("/")
        if not name or not resource:
            raise _unresolvable(reference, "it names no secret: write {vault://env/NAME}")
        if name not in self._prefixes:
            known = ", ".join(sorted(self._prefixes))
            hint = " (names of vaults are lower-case)" if not _VAULT_NAME.fullmatch(name) else ""
            raise _unresolvable(reference, f"there is no vault '{name}'{hint}, only: {known}")
        prefix = parse_qs(query, keep_blank_values=True).get("prefix", [self._prefixes[name]])[-1]
        variable = (prefix + unquote(resource)).replace("-", "_").upper()
        variable += _suffix(reference, version)
        value = self._secrets.get(variable)
        if value is None:
            value = self._environment.get(variable)
        if value is None:
            raise _unresolvable(reference, f"{variable} is not set{self._where()}")
        if key:
            value = _picked(reference, variable, value, unquote(key))
        value = value.rstrip("\r\n")  # what `echo` and editors add is no part of a key
        if not value:
            raise _unresolvable(reference, f"{variable} is empty{self._where()}")
        return value

    def _where(self) -> str:
        if self._file is None:
            return " in the gateway's environment"
        return f": add it to {self._file} or to the gateway's environment"


def _suffix(reference: str, version: str) -> str:
    if version in ("", "1"):
        return ""
    if version == "2":
        return "_PREVIOUS"
    raise _unresolvable(reference, f"version '{version}' is not kept: 1 is the present one, 2 the previous")


def _picked(reference: str, variable: str, value: str, key: str) -> str:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        raise _unresolvable(reference, f"{variable} is not JSON, so it has no '{key}'") from None
    if not isinstance(found, dict) or key not in found:
        raise _unresolvable(reference, f"the JSON in {variable} has no '{key}'")
    inner = found[key]
    if isinstance(inner, bool) or not isinstance(inner, (str, int, float)):
        raise _unresolvable(reference, f"'{key}' in {variable} is neither text nor a number")
    return inner if isinstance(inner, str) else json.dumps(inner)


def _unresolvable(reference: str, why: str) -> VaultError:
    return VaultError(f"{reference} cannot be resolved: {why}")


def read_secrets(path: Path) -> dict[str, str]:
    """The NAME=value pairs of a file that a shell could source: quotes as in sh, `#` comments, `export` allowed.
    Nothing is expanded. Raises VaultError with file and line, never with what stands there."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise VaultError(f"the secrets file {path} does not exist (KONG_VAULT_ENV_FILE)") from None
    except UnicodeDecodeError:
        raise VaultError(f"the secrets file {path} is not UTF-8 text") from None
    except OSError as problem:
        raise VaultError(f"the secrets file {path} cannot be read: {problem.strerror}") from None
    found: dict[str, str] = {}
    at, line = 0, 1
    while at < len(text):
        start = at
        at, pair = _pair(text, at, f"{path}, line {line}")
        if pair is not None:
            found[pair[0]] = pair[1]
        line += text.count("\n", start, at)
    return found


def _pair(text: str, at: int, where: str) -> tuple[int, tuple[str, str] | None]:
    """What stands on the line at `at`, which quotes may carry over line ends, and where the next one begins."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    head = text[at:end].strip()
    if not head or head.startswith("#"):
        return end + 1, None
    at = text.index(head[0], at)
    if re.match(r"export[ \t]", head):
        at += len("export")
        while text[at] in " \t":
            at += 1
    name = _NAME.match(text, at)
    if name is None or text[name.end() : name.end() + 1] != "=":
        raise VaultError(f"{where}: expected NAME=value")
    at, value = _word(text, name.end() + 1, where)
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    rest = text[at:end].strip()
    if rest and not rest.startswith("#"):
        raise VaultError(f"{where}: something follows the value of {name[0]}: put the value in single quotes")
    return end + 1, (name[0], value)


def _word(text: str, at: int, where: str) -> tuple[int, str]:
    out: list[str] = []
    while at < len(text) and text[at] not in " \t\r\n":
        char = text[at]
        if char in "'\"":
            at, piece = _quoted(text, at + 1, char, where)
            out.append(piece)
        elif char == "\\" and at + 1 < len(text):
            out.append(text[at + 1])
            at += 2
        else:
            out.append(char)
            at += 1
    return at, "".join(out)


def _quoted(text: str, at: int, quote: str, where: str) -> tuple[int, str]:
    out: list[str] = []
    while at < len(text):
        char = text[at]
        if char == quote:
            return at + 1, "".join(out)
        if char == "\\" and quote == '"' and text[at + 1 : at + 2] in _ESCAPED:
            at += 1
            char = text[at]
        out.append(char)
        at += 1
    raise VaultError(f"{where}: the quote that opens here never closes")
