"""Fields that hold many values of one kind: arrays, sets, maps. Their errors stand at the place of the element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from gateway.schema.fields import Cleaned, Error, Field, length_error, quoted


class Array(Field):
    kind = "array"
    _expected: ClassVar[str] = "expected an array"

    def __init__(
        self,
        help: str = "",
        *,
        elements: Field,
        len_eq: int | None = None,
        len_min: int | None = None,
        len_max: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(help, **more)
        self.elements = elements
        self.len_eq = len_eq
        self.len_min = len_min
        self.len_max = len_max

    def clean(self, value: Any) -> Cleaned:
        if not isinstance(value, (list, tuple)):
            return value, self._expected
        out: list[Any] = []
        errors: list[Error | None] | None = None
        clean = self.elements.clean
        for number, item in enumerate(value):
            kept, error = (item, "required field missing") if item is None else clean(item)
            if error is not None:
                if errors is None:
                    errors = []
                errors += [None] * (number - len(errors))
                errors.append(error)
            out.append(kept)
        if errors is not None:
            return value, errors
        out = self._kept(out)
        error = length_error(len(out), self.len_eq, self.len_min or 0, self.len_max)
        if error is None and self.check is not None:
            error = self.check(out)
        return out, error

    def _kept(self, items: list[Any]) -> list[Any]:
        return items


class Set(Array):
    """A list without doubles, in the order of first appearance."""

    kind = "set"
    _expected = "expected a set"

    def __init__(
        self, help: str = "", *, mutually_exclusive_subsets: Sequence[Sequence[str]] | None = None, **more: Any
    ) -> None:
        super().__init__(help, **more)
        self.mutually_exclusive_subsets = mutually_exclusive_subsets

    def clean(self, value: Any) -> Cleaned:
        kept, error = super().clean(value)
        if error is None and self.mutually_exclusive_subsets is not None:
            touched = [group for group in self.mutually_exclusive_subsets if any(item in kept for item in group)]
            if len(touched) > 1:
                groups = ", ".join("(" + quoted(group) + ")" for group in touched)
                error = f"these sets are mutually exclusive: {groups}"
        return kept, error

    def _kept(self, items: list[Any]) -> list[Any]:
        if len(items) < 2:
            return items
        out: list[Any] = []
        for item in items:
            if item not in out:
                out.append(item)
        return out


class Map(Field):
    kind = "map"

    def __init__(self, help: str = "", *, keys: Field, values: Field, len_min: int | None = None, **more: Any) -> None:
        super().__init__(help, **more)
        self.keys = keys
        self.values = values
        self.len_min = len_min

    def clean(self, value: Any) -> Cleaned:
        if not isinstance(value, dict):
            return value, "expected a map"
        out: dict[Any, Any] = {}
        for key, item in value.items():
            kept_key, error = self.keys.clean(key)
            kept = item
            if error is None:
                kept, error = (item, "required field missing") if item is None else self.values.clean(item)
            if error is not None:
                return value, error  # Kong names the trouble of a map without its key
            out[kept_key] = kept
        error = length_error(len(out), None, self.len_min or 0, None)
        if error is None and self.check is not None:
            error = self.check(out)
        return out, error
