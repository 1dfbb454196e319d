"""response-transformer: changes headers and the JSON body of answers on their way to the client.

Source: Kong's documentation. Only a body whose Content-Type is JSON is held back and changed; a stream passes, and so
does what turns out to be no JSON object, or is larger than LARGEST.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.codec import CodecError, decode, encode
from gateway.errors import ConfigError
from gateway.headers import RESPONSE_DROPPED, changed, find
from gateway.patterns import PatternError, compile_pattern
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._transformation import STEPS, HeaderTable, append_value, rules, rules_field, step_record
from gateway.schema import Array, Record, String

if TYPE_CHECKING:
    from gateway.exchange import Exchange

LARGEST = 64 << 20
"""Bytes of a body that is held back to be changed; a larger one passes as it is."""
_TYPES = ("boolean", "number", "string")


def _step(step: str) -> Record:
    bare = step == "remove"
    fields: dict[str, Any] = {
        "json": rules_field("Members of a JSON object.", checked=not bare),
        "headers": rules_field("Headers.", checked=not bare),
    }
    if step in ("replace", "add", "append"):
        fields["json_types"] = Array(
            "The types of the values under json, in the same order; a value without one is a string.",
            elements=String("A type of JSON.", one_of=_TYPES),
            default=[],
            required=True,
        )
    return step_record(step, {name: fields[name] for name in ("json", "json_types", "headers") if name in fields})


class _Held:
    """The body of one answer, until it is whole or too large."""

    __slots__ = ("passes", "pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        self.passes = False


class ResponseTransformer(Plugin):
    name = "response-transformer"
    priority = 800
    fields = Record(
        "Changes answers before they reach the client.", required=True, fields={step: _step(step) for step in STEPS}
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.headers = [
            (step, name.encode("latin-1", "replace"), value.encode("utf-8", "surrogateescape"))
            for step in STEPS
            for name, value in rules(config, step, "headers")
        ]
        self.patterns = _value_patterns(config)
        self.json = [rule for step in STEPS for rule in _json_rules(config, step)]
        if not self.json:
            self.idle = ("body_filter",)

    def header_filter(self, exchange: Exchange) -> None:
        if self.headers:
            self._change_headers(exchange)
        if self.json and not exchange.replied:
            headers = changed(exchange.upstream_headers, exchange.response_changes)
            kind = find(headers, b"content-type") or b""
            if b"application/json" in kind.lower() and (find(headers, b"content-encoding") or b"") in (
                b"",
                b"identity",
            ):
                exchange.notes[self.name] = _Held()

    def _change_headers(self, exchange: Exchange) -> None:
        table = HeaderTable(changed(exchange.upstream_headers, exchange.response_changes))
        for step, name, value in self.headers:
            if name.lower() in RESPONSE_DROPPED:
                continue
            if step == "remove":
                self._remove(table, name, value)
            elif not value:
                continue
            elif step == "rename":
                if value.lower() not in RESPONSE_DROPPED:
                    table.rename(name, value)
            else:
                getattr(table, step)(name, value)
        table.write(exchange.response_changes)

    def _remove(self, table: HeaderTable, name: bytes, value: bytes) -> None:
        """A name alone removes all its lines; with a value those that have it; with /regex/ those that match."""
        if not value:
            table.remove(name)
        elif value in self.patterns:
            table.remove_matching(name, self.patterns[value])
        else:
            table.remove_value(name, value)

    def body_filter(self, exchange: Exchange, piece: bytes, last: bool) -> bytes:
        held: _Held | None = exchange.notes.get(self.name)
        if held is None or held.passes:
            return piece
        held.pieces.append(piece)
        held.size += len(piece)
        if held.size > LARGEST:
            held.passes = True
            return b"".join(held.pieces)
        if not last:
            return b""
        body = b"".join(held.pieces)
        try:
            document = decode(body)
            return encode(self._changed(document)) if isinstance(document, dict) else body
        except CodecError:
            return body

    def _changed(self, document: dict[str, Any]) -> dict[str, Any]:
        for step, name, value in self.json:
            if step == "remove":
                document.pop(name, None)
            elif step == "rename":
                if name in document:
                    document[value] = document.pop(name)
            elif step == "replace":
                if name in document:
                    document[name] = value
            elif step == "add":
                document.setdefault(name, value)
            else:
                document[name] = append_value(document.get(name), value)
        return document


def _json_rules(config: Mapping[str, Any], step: str) -> list[tuple[str, str, Any]]:
    """(step, name, value) with values of their configured types. Raises ConfigError for one that is not of its type."""
    types = config[step].get("json_types") or ()
    out: list[tuple[str, str, Any]] = []
    errors: list[str | None] = []
    for at, (name, text) in enumerate(rules(config, step, "json")):
        kind = types[at] if at < len(types) else "string"
        try:
            out.append((step, name, _typed(text, kind)))
            errors.append(None)
        except ValueError:
            errors.append(f"'{text}' is not a {kind}")
    if any(errors):
        raise ConfigError({"config": {step: {"json": errors}}})
    return out


def _typed(text: str, kind: str) -> Any:
    if kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError
        return text == "true"
    if kind == "number":
        number = float(text)
        if number != number or number in (float("inf"), float("-inf")):
            raise ValueError
        return int(number) if number.is_integer() and abs(number) < 1 << 53 else number
    return text


def _value_patterns(config: Mapping[str, Any]) -> dict[bytes, Any]:
    """The compiled /regex/ values of remove.headers."""
    out: dict[bytes, Any] = {}
    errors: list[str | None] = []
    for _, value in rules(config, "remove", "headers"):
        error = None
        if len(value) > 2 and value[0] == "/" == value[-1]:
            try:
                out[value.encode("utf-8", "surrogateescape")] = compile_pattern(value[1:-1])
            except PatternError as problem:
                error = str(problem)
        errors.append(error)
    if any(errors):
        raise ConfigError({"config": {"remove": {"headers": errors}}})
    return out


PLUGIN = ResponseTransformer
