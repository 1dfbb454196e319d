"""What every kind of entity has in common: how it is named, what makes it unique, what it hangs on, and its shared
fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.entities.formats import name_error, tag_error
from gateway.schema import Boolean, Field, Integer, Record, Set, String

Entity = dict[str, Any]
"""A validated row exactly as the Admin API shows it: all fields, None where unset, foreign keys {"id": uuid}."""


@dataclass(frozen=True)
class Kind:
    """One kind of entity. `name` is the collection's ("services")."""

    name: str
    singular: str
    record: Record
    key: str = ""  # the field that names a row in a path or a reference; "" where only the id does
    cache_key: tuple[str, ...] = ()  # the fields that together make the row unique and its id deterministic
    foreign: Mapping[str, str] = field(default_factory=dict)  # field -> kind
    children: Mapping[str, str] = field(default_factory=dict)  # kind nested in declarative files -> its foreign field
    canonical: Callable[[Entity], Entity] | None = None  # the row in the form that is stored
    generated: tuple[str, ...] = ()  # fields that get a new key where nobody gives one; the first must not stay null
    one_way: tuple[str, Callable[[Entity], Entity]] | None = None  # a secret, and the row with only its hash

    @property
    def unique(self) -> tuple[str, ...]:
        return tuple(name for name, one in self.record.fields.items() if one.unique)

    @property
    def secret(self) -> frozenset[str]:
        """Fields whose value must not be told."""
        return frozenset(name for name, one in self.record.fields.items() if one.encrypted)


def identifier() -> Field:
    return String("The row's UUID; generated when absent.", uuid=True, auto=True)


def created() -> Field:
    return Integer("When the row was made, in seconds since 1970.", timestamp=True, auto=True)


def updated() -> Field:
    return Integer("When the row last changed, in seconds since 1970.", timestamp=True, auto=True)


def tags() -> Field:
    return Set(
        "Words to group and filter rows by.",
        elements=String("One word.", required=True, check=tag_error),
    )


def unique_name(help: str, **more: Any) -> Field:
    return String(help, unique=True, check=name_error, **more)


def port(help: str, **more: Any) -> Field:
    return Integer(help, between=(0, 65535), **more)


def switch(help: str, default: bool) -> Field:
    return Boolean(help, default=default, required=True)


def milliseconds(help: str) -> Field:
    return Integer(help, between=(1, 2147483646), default=60000)
