"""The plain field types. A field cleans one value: `clean(value) -> (value, error)`, error None when it is fine.

The texts of the errors are Kong's, because programs (decK, forms) and people compare them. Not for: records and rules
over several fields (records.py, checks.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar, Final

from gateway.schema.patterns import lua_pattern

Error = str | dict[str, Any] | list[Any]
Cleaned = tuple[Any, Error | None]
Rule = tuple[str, str]
"""A Lua pattern and the text for a value that breaks it; "" = Kong's general text."""


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()
_REFERENCE = re.compile(r"\{vault://.*\}", re.DOTALL)
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def is_reference(value: object) -> bool:
    """True for a whole-string vault reference, {vault://...}."""
    return isinstance(value, str) and value.startswith("{vault://") and _REFERENCE.fullmatch(value) is not None


def is_uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def shown(value: object) -> str:
    """A configured value as Kong's texts print it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Field:
    """What every field has.

    help: one sentence for people, shown wherever the field is. default: used when the field is absent (an explicit null
    stays null, as in Kong). check: a further rule, value -> text of the error or None. `auto`: the store fills it in.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        help: str = "",
        *,
        default: Any = UNSET,
        required: bool = False,
        one_of: Sequence[Any] | Callable[[], Sequence[Any]] | None = None,
        not_one_of: Sequence[Any] | None = None,
        eq: Any = UNSET,
        referenceable: bool = False,
        encrypted: bool = False,
        unique: bool = False,
        auto: bool = False,
        check: Callable[[Any], str | None] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        self.help = help
        self.default = default
        self.required = required
        self._one_of = one_of
        self.not_one_of = tuple(not_one_of) if not_one_of is not None else None
        self.eq = eq
        self.referenceable = referenceable
        self.encrypted = encrypted
        self.unique = unique
        self.auto = auto
        self.check = check
        self.schema = dict(schema or {})  # more keys for the schema JSON, e.g. {"deprecation": {...}}
        self.mutable_default = isinstance(default, (dict, list))

    @property
    def one_of(self) -> tuple[Any, ...] | None:
        """The values allowed. May be given as a function where another room knows them (providers)."""
        if self._one_of is None:
            return None
        if callable(self._one_of):
            self._one_of = tuple(self._one_of())
        return tuple(self._one_of)

    def absent(self) -> Any:
        """The value of a field that was not given."""
        if self.default is UNSET:
            return None
        return deepcopy(self.default) if self.mutable_default else self.default

    def clean(self, value: Any) -> Cleaned:
        """`value` is not None. Returns the value to keep and what is wrong with it."""
        raise NotImplementedError

    def merge(self, old: Any, new: Any) -> Any:
        """What PATCH leaves of an old and a new value; only records merge."""
        return new

    def _allowed(self, value: Any) -> str | None:
        if self.eq is not UNSET and value != self.eq:
            return f"value must be {shown(self.eq)}"
        if self.not_one_of is not None and value in self.not_one_of:
            return f"must not be one of: {', '.join(map(shown, self.not_one_of))}"
        if self._one_of is not None:
            allowed = self.one_of or ()
            if value not in allowed:
                return f"expected one of: {', '.join(map(shown, allowed))}"
        return None


class String(Field):
    kind = "string"

    def __init__(
        self,
        help: str = "",
        *,
        len_eq: int | None = None,
        len_min: int | None = None,
        len_max: int | None = None,
        starts_with: str | None = None,
        match: str | None = None,
        not_match: str | None = None,
        match_none: Sequence[Rule] = (),
        match_all: Sequence[Rule] = (),
        match_any: tuple[Sequence[str], str] | None = None,
        uuid: bool = False,
        is_regex: bool = False,
        **more: Any,
    ) -> None:
        """Lengths in bytes, empty strings are refused unless len_min=0. Patterns are Lua patterns, searched."""
        super().__init__(help, **more)
        self.len_eq = len_eq
        self.len_max = len_max
        self.starts_with = starts_with
        self.match = match
        self.not_match = not_match
        self.match_none = tuple(match_none)
        self.match_all = tuple(match_all)
        self.match_any = match_any
        self.uuid = uuid
        self.is_regex = is_regex
        self.least = 1 if len_min is None else len_min
        self._lengths = len_eq is not None or len_max is not None or self.least > 1
        self._patterns = bool(match or not_match or match_none or match_all or match_any)

    def clean(self, value: Any) -> Cleaned:
        if not isinstance(value, str):
            return value, "expected a string"
        if self.referenceable and is_reference(value):
            return value, None
        error = self._allowed(value)
        if error is None and self.uuid and not is_uuid(value):
            error = "expected a valid UUID"
        if error is None and not value and self.least:
            error = f"length must be at least {self.least}"
        if error is None and self._lengths:
            error = self._length(value)
        if error is None and self.starts_with is not None and not value.startswith(self.starts_with):
            error = f"should start with: {self.starts_with}"
        if error is None and self._patterns:
            error = self._pattern(value)
        if error is None and self.is_regex:
            error = _regex_error(value)
        if error is None and self.check is not None:
            error = self.check(value)
        return value, error

    def _length(self, value: str) -> str | None:
        return length_error(len(value.encode("utf-8", "surrogatepass")), self.len_eq, self.least, self.len_max)

    def _pattern(self, value: str) -> str | None:
        if self.not_match is not None and lua_pattern(self.not_match).search(value):
            return f"invalid value: {value}"
        for pattern, text in self.match_none:
            if lua_pattern(pattern).search(value):
                return text or f"invalid value: {value}"
        if self.match is not None and not lua_pattern(self.match).search(value):
            return f"invalid value: {value}"
        for pattern, text in self.match_all:
            if not lua_pattern(pattern).search(value):
                return text or f"invalid value: {value}"
        if self.match_any is not None:
            patterns, text = self.match_any
            if not any(lua_pattern(pattern).search(value) for pattern in patterns):
                return text or f"invalid value: {value}"
        return None


LARGEST = (1 << 63) - 1
"""Of whole numbers: what goes between processes in eight bytes."""


def size_error(value: Any) -> str | None:
    """Why a value that JSON can say is not taken: a whole number somewhere in it that is beyond LARGEST."""
    if type(value) is int:
        return None if -LARGEST <= value <= LARGEST else f"value should be between -{LARGEST} and {LARGEST}"
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((error for error in map(size_error, inner) if error is not None), None)


class Numeric(Field):
    """What whole and other numbers share."""

    def __init__(
        self,
        help: str = "",
        *,
        between: tuple[float, float] | None = None,
        gt: float | None = None,
        timestamp: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(help, **more)
        self.between = between
        self.gt = gt
        self.timestamp = timestamp

    def _bounds(self, value: Any) -> str | None:
        error = self._allowed(value)
        if error is None and type(value) is int:
            error = size_error(value)
        if error is None and self.gt is not None and not value > self.gt:
            error = f"value must be greater than {shown(self.gt)}"
        if error is None and self.timestamp and value <= 0:
            error = "expected a valid timestamp"
        if error is None and self.between is not None and not self.between[0] <= value <= self.between[1]:
            error = f"value should be between {shown(self.between[0])} and {shown(self.between[1])}"
        if error is None and self.check is not None:
            error = self.check(value)
        return error


class Integer(Numeric):
    """A whole number; 80.0 is taken as 80, "80" is not."""

    kind = "integer"

    def clean(self, value: Any) -> Cleaned:
        if type(value) is not int:
            if type(value) is not float or not value.is_integer():
                return value, "expected an integer"
            value = int(value)
        return value, self._bounds(value)


class Number(Numeric):
    kind = "number"

    def clean(self, value: Any) -> Cleaned:
        if type(value) not in (int, float) or value != value or value in (float("inf"), float("-inf")):
            return value, "expected a number"
        return value, self._bounds(value)


class Boolean(Field):
    kind = "boolean"

    def clean(self, value: Any) -> Cleaned:
        if not isinstance(value, bool):
            return value, "expected a boolean"
        error = self._allowed(value)
        if error is None and self.check is not None:
            error = self.check(value)
        return value, error


class Any_(Field):
    """Whatever JSON can say."""

    kind = "any"

    def clean(self, value: Any) -> Cleaned:
        return value, self.check(value) if self.check is not None else None


class Foreign(Field):
    """Another entity, {"id": UUID}. `reference` is its kind ("services"). Names are resolved before validation."""

    kind = "foreign"

    def __init__(self, help: str = "", *, reference: str, on_delete: str = "", **more: Any) -> None:
        super().__init__(help, **more)
        self.reference = reference
        self.on_delete = on_delete  # "cascade" or "" (refused while referenced)
        self.known: frozenset[str] | None = None  # fields of the other entity; set where all entities are known

    def clean(self, value: Any) -> Cleaned:
        if self.eq is None:
            return value, "value must be null"
        if not isinstance(value, dict):
            return value, {"id": "missing primary key"}
        unknown = {name: "unknown field" for name in value if self.known is not None and name not in self.known}
        if unknown:
            return value, unknown
        found = value.get("id")
        if found is None:
            return value, {"id": "missing primary key"}
        if not is_uuid(found):
            return value, {"id": "expected a valid UUID"}
        return {"id": found}, None


def length_error(length: int, exactly: int | None, least: int, most: int | None) -> str | None:
    if exactly is not None and length != exactly:
        return f"length must be {exactly}"
    if length < least:
        return f"length must be at least {least}"
    if most is not None and length > most:
        return f"length must be at most {most}"
    return None


def quoted(names: Iterable[str]) -> str:
    """'a', 'b'"""
    return ", ".join(f"'{name}'" for name in names)


def _regex_error(value: str) -> str | None:
    import re2

    try:
        re2.compile(value)
    except re2.error:
        return f"'{value}' is not a valid regex"
    return None
