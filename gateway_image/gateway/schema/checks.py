"""Rules over several fields, as data: the same object checks an entity and is printed in the schema JSON.

A rule sees the cleaned values and the errors found so far and adds its own: texts under "@entity", and what is wrong
with single fields at their place. Not for: rules of one field (fields.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.schema.fields import UNSET, Error, length_error, quoted, shown
from gateway.schema.patterns import lua_pattern

Found = Mapping[str, Any] | str | None


class Check(Protocol):
    """A rule over the fields of one record; paths are dotted and start at that record."""

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        """Adds what is wrong to `errors`."""

    def describe(self) -> dict[str, Any]:
        """The rule in Kong's schema JSON."""


def read(values: Any, path: str) -> Any:
    """The value at a dotted path; UNSET when a record on the way is null or missing."""
    for name in path.split("."):
        if not isinstance(values, Mapping) or name not in values:
            return UNSET
        values = values[name]
    return values


def _fails(errors: Any, path: str) -> bool:
    for name in path.split("."):
        if not isinstance(errors, Mapping):
            return errors is not None
        if name not in errors:
            return False
        errors = errors[name]
    return True


def _hidden(errors: Any, path: str) -> bool:
    """Whether a record on the way is wrong as a whole, so that nobody can tell what it holds."""
    for name in path.split(".")[:-1]:
        errors = errors.get(name)
        if not isinstance(errors, Mapping):
            return errors is not None
    return False


def _blame(errors: dict[str, Any], path: str, text: Error) -> None:
    *records, name = path.split(".")
    for record in records:
        inner = errors.setdefault(record, {})
        if not isinstance(inner, dict):
            return  # the record as a whole is already wrong
        errors = inner
    errors.setdefault(name, text)


def _add(errors: dict[str, Any], text: str) -> None:
    errors.setdefault("@entity", []).append(text)


def _given(value: Any) -> bool:
    return value is not UNSET and value is not None and value != "" and value != [] and value != {}


@dataclass(frozen=True)
class Match:
    """A condition on one value: Match(eq="redis"), Match(one_of=("a", "b")), Match(required=True), Match(eq=None)..."""

    eq: Any = UNSET
    one_of: Sequence[Any] | None = None
    not_one_of: Sequence[Any] | None = None
    match: str | None = None
    required: bool = False
    len_eq: int | None = None
    gt: float | None = None
    elements_not_one_of: Sequence[Any] | None = None  # every element of a set is none of these

    def error(self, value: Any) -> str | None:
        if value is None or value is UNSET:
            if self.eq is not UNSET and self.eq is not None:
                return f"value must be {shown(self.eq)}"
            return "required field missing" if self.required else None
        if self.eq is not UNSET and (value != self.eq or (value is True) != (self.eq is True)):
            return f"value must be {shown(self.eq)}"
        if self.not_one_of is not None and value in self.not_one_of:
            return f"must not be one of: {', '.join(map(shown, self.not_one_of))}"
        if self.one_of is not None and value not in self.one_of:
            return f"expected one of: {', '.join(map(shown, self.one_of))}"
        if self.gt is not None and not value > self.gt:
            return f"value must be greater than {shown(self.gt)}"
        if self.len_eq is not None:
            return length_error(len(value), self.len_eq, 0, None)
        if self.match is not None and not lua_pattern(self.match).search(value):
            return f"invalid value: {value}"
        if self.elements_not_one_of is not None and any(item in self.elements_not_one_of for item in value):
            return f"must not be one of: {', '.join(map(shown, self.elements_not_one_of))}"
        return None

    def describe(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if self.eq is not UNSET:
            out["eq"] = self.eq
        for name in ("one_of", "not_one_of"):
            if getattr(self, name) is not None:
                out[name] = list(getattr(self, name))
        for name in ("match", "len_eq", "gt"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        if self.required:
            out["required"] = True
        if self.elements_not_one_of is not None:
            elements = {"type": "string", "required": True, "len_min": 1}
            out["elements"] = {**elements, "not_one_of": list(self.elements_not_one_of)}
        return out


@dataclass(frozen=True)
class Conditional:
    """When `if_field` is like `if_match`, `then_field` must be like `then_match`."""

    if_field: str
    if_match: Match
    then_field: str
    then_match: Match
    then_err: str = ""

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        value = read(values, self.if_field)
        if value is None or value is UNSET or _fails(errors, self.if_field) or self.if_match.error(value):
            return
        text = self.then_match.error(read(values, self.then_field))
        if text is None or (_fails(errors, self.then_field) and read(errors, self.then_field) != text):
            return  # a value that is wrong by itself is told once; a second rule with the same verdict is told too
        _blame(errors, self.then_field, text)
        _add(errors, self.then_err or f"failed conditional validation given value of field '{self.if_field}'")

    def describe(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "if_field": self.if_field,
            "if_match": self.if_match.describe(),
            "then_field": self.then_field,
            "then_match": self.then_match.describe(),
        }
        if self.then_err:
            out["then_err"] = self.then_err
        return {"conditional": out}


@dataclass(frozen=True)
class ConditionalAtLeastOneOf:
    """When `if_field` is like `if_match`, one of `then_at_least_one_of` must be given.

    `then_err` may hold a %s for their names."""

    if_field: str
    if_match: Match
    then_at_least_one_of: Sequence[str]
    then_err: str = ""

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        value = read(values, self.if_field)
        if value is None or value is UNSET or _fails(errors, self.if_field) or self.if_match.error(value):
            return
        if any(_given(read(values, path)) or _hidden(errors, path) for path in self.then_at_least_one_of):
            return
        text = self.then_err or "at least one of these fields must be non-empty: %s"
        _add(errors, text.replace("%s", quoted(self.then_at_least_one_of)))

    def describe(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "if_field": self.if_field,
            "if_match": self.if_match.describe(),
            "then_at_least_one_of": list(self.then_at_least_one_of),
        }
        if self.then_err:
            out["then_err"] = self.then_err
        return {"conditional_at_least_one_of": out}


@dataclass(frozen=True)
class _Names:
    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)

    def _clear(self, errors: dict[str, Any]) -> bool:
        return not any(_fails(errors, path) for path in self.names)


class AtLeastOneOf(_Names):
    """One of the fields or more."""

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        if not any(_given(read(values, path)) or _hidden(errors, path) for path in self.names):
            _add(errors, f"at least one of these fields must be non-empty: {quoted(self.names)}")

    def describe(self) -> dict[str, Any]:
        return {"at_least_one_of": list(self.names)}


class OnlyOneOf(_Names):
    """Exactly one of the fields."""

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        if self._clear(errors) and sum(_given(read(values, path)) for path in self.names) != 1:
            _add(errors, f"exactly one of these fields must be non-empty: {quoted(self.names)}")

    def describe(self) -> dict[str, Any]:
        return {"only_one_of": list(self.names)}


class MutuallyRequired(_Names):
    """All or none of the fields."""

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        given = sum(_given(read(values, path)) for path in self.names)
        if self._clear(errors) and 0 < given < len(self.names):
            _add(errors, f"all or none of these fields must be set: {quoted(self.names)}")

    def describe(self) -> dict[str, Any]:
        return {"mutually_required": list(self.names)}


class MutuallyExclusive(_Names):
    """One of the fields or none."""

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        if self._clear(errors) and sum(_given(read(values, path)) for path in self.names) > 1:
            _add(errors, f"only one or none of these fields must be set: {quoted(self.names)}")

    def describe(self) -> dict[str, Any]:
        return {"mutually_exclusive": list(self.names)}


class Distinct(_Names):
    """No two of the fields have the same value."""

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        given = [value for value in (read(values, path) for path in self.names) if _given(value)]
        if self._clear(errors) and any(value in given[:at] for at, value in enumerate(given)):
            _add(errors, f"values of these fields must be distinct: {quoted(self.names)}")

    def describe(self) -> dict[str, Any]:
        return {"distinct": list(self.names)}


@dataclass(frozen=True)
class Custom:
    """A rule as a function: values -> None, a text about the whole, or {field: error}, nested like the input. It runs
    only when none of `names` has an error of its own."""

    names: tuple[str, ...]
    function: Callable[[Mapping[str, Any]], Found]
    extra: Mapping[str, Any] = field(default_factory=dict)  # more keys for the schema JSON

    def run(self, values: Mapping[str, Any], errors: dict[str, Any]) -> None:
        if any(_fails(errors, path) for path in self.names):
            return
        found = self.function(values)
        if isinstance(found, str):
            _add(errors, found)
        elif found:
            _graft(errors, found)

    def describe(self) -> dict[str, Any]:
        return {"custom_entity_check": {"field_sources": list(self.names), **self.extra}}


def _graft(errors: dict[str, Any], found: Mapping[str, Any]) -> None:
    for name, error in found.items():
        if name == "@entity":
            errors.setdefault("@entity", []).extend(error)
        elif isinstance(error, Mapping) and isinstance(errors.get(name), dict):
            _graft(errors[name], error)
        else:
            errors.setdefault(name, error)
