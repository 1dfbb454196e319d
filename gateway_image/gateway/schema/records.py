"""Records: named fields with their rules. The root of every entity and every plugin's configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import ConfigError
from gateway.schema.checks import Check, read
from gateway.schema.fields import UNSET, Cleaned, Error, Field


@dataclass(frozen=True)
class Shorthand:
    """An old name for a field further in: Shorthand(String("..."), ("redis", "host"))."""

    field: Field
    path: tuple[str, ...]


class Record(Field):
    """Named fields. A required record that was not given is made of defaults; an optional one stays null."""

    kind = "record"

    def __init__(
        self,
        help: str = "",
        *,
        fields: Mapping[str, Field],
        checks: Sequence[Check] = (),
        shorthands: Mapping[str, Shorthand] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(help, **more)
        self.fields = dict(fields)
        self.checks = tuple(checks)
        self.shorthands = dict(shorthands or {})
        self._plan = tuple(
            (name, field, field.required, isinstance(field, Record), _constant(field))
            for name, field in self.fields.items()
        )

    def extended(self, fields: Mapping[str, Field], checks: Sequence[Check] = ()) -> Record:
        """The same record with more (or other) fields and rules."""
        return Record(
            self.help,
            fields={**self.fields, **fields},
            checks=(*self.checks, *checks),
            shorthands=self.shorthands,
            default=self.default,
            required=self.required,
            check=self.check,
            schema=self.schema,
        )

    def validate(self, value: Any, path: str = "") -> dict[str, Any]:
        """The value with defaults filled in. Raises ConfigError with every error found, told under `path`."""
        cleaned, error = self.clean({} if value is None else value)
        if error is None:
            return dict(cleaned)
        for name in reversed(path.split(".")) if path else ():
            error = {name: error}
        raise ConfigError(error if isinstance(error, dict) else {"@entity": [error]})

    def absent(self) -> Any:
        if self.default is not UNSET:
            return self.clean(super().absent())[0]
        return self.clean({})[0] if self.required else None

    def clean(self, value: Any) -> Cleaned:
        if not isinstance(value, dict):
            if value != []:  # an empty table of Kong's has no kind
                return value, "expected a record"
            value = {}
        errors: dict[str, Any] = {}
        if self.shorthands:
            value = self._expanded(value, errors)
        out: dict[str, Any] = {}
        known = 0
        for name, field, required, record, constant in self._plan:
            if name in value:
                known += 1
                given = value[name]
                if given is None:
                    out[name] = None
                    if required:
                        errors[name] = "required field missing"
                    continue
            elif record and field.default is UNSET and required:
                given = {}  # its defaults, and what is missing inside
            else:
                if constant is not UNSET:
                    out[name] = constant
                else:
                    out[name] = field.absent()
                if required and out[name] is None and not field.auto:
                    errors[name] = "required field missing"
                continue
            out[name], error = field.clean(given)
            if error is not None:
                errors[name] = error
        if known != len(value):
            for name in value:
                if name not in self.fields:
                    errors[str(name)] = "unknown field"
        for check in self.checks:
            check.run(out, errors)
        if not errors and self.check is not None:
            text = self.check(out)
            if text is not None:
                return out, text
        return out, errors or None

    def _expanded(self, value: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
        if not any(name in value for name in self.shorthands):
            return value
        value = dict(value)
        for name, shorthand in self.shorthands.items():
            if name not in value:
                continue
            given = value.pop(name)
            if given is None:
                continue
            given, error = shorthand.field.clean(given)
            if error is not None:
                errors[name] = error
                continue
            present = read(value, ".".join(shorthand.path))
            if present is not UNSET and present is not None and present != given:
                errors.setdefault("@entity", []).append(
                    "both deprecated and new field are used but their values mismatch: "
                    f"{name} = {given} vs {'.'.join(shorthand.path)} = {present}"
                )
                continue
            _set(value, shorthand.path, given)
        return value

    def show(self, value: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """A clean value with the old names mirrored, as Kong's answers have them."""
        if value is None:
            return None
        out = dict(value)
        for name, shorthand in self.shorthands.items():
            found = read(value, ".".join(shorthand.path))
            out[name] = None if found is UNSET else found
        return out

    def merge(self, old: Any, new: Any) -> Any:
        """PATCH: records deeply, everything else replaced. `old` is a clean value, the result is to be validated."""
        if not isinstance(old, dict) or not isinstance(new, dict):
            return old if new == [] else new
        out = dict(old)
        for shorthand_name, shorthand in self.shorthands.items():
            out.pop(shorthand_name, None)
            if shorthand_name in new:
                out = _without(out, shorthand.path)  # the old name is the newer word here
        for name, value in new.items():
            field = self.fields.get(name)
            out[name] = field.merge(out[name], value) if field is not None and name in out else value
        return out


def _constant(field: Field) -> Any:
    """The value of an absent field where it can be shared; UNSET where it must be made anew."""
    if isinstance(field, Record) or field.mutable_default:
        return UNSET
    return None if field.default is UNSET else field.default


def _set(value: dict[str, Any], path: tuple[str, ...], given: Any) -> None:
    for name in path[:-1]:
        inner = value.get(name)
        inner = dict(inner) if isinstance(inner, dict) else {}
        value[name] = inner
        value = inner
    value[path[-1]] = given


def _without(value: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    out = dict(value)
    if len(path) == 1:
        out.pop(path[0], None)
    elif isinstance(out.get(path[0]), dict):
        out[path[0]] = _without(out[path[0]], path[1:])
    return out


__all__ = ["Error", "Record", "Shorthand"]
