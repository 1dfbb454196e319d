"""A whole configuration: every row of every kind, immutable by convention. Not for: keeping or changing it (store)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from gateway.entities.catalogue import KINDS
from gateway.entities.deck import without_deck
from gateway.entities.declarative import Collections, Reading
from gateway.entities.document import read_document
from gateway.entities.kinds import Entity
from gateway.entities.plugins import Registry, plugin_record
from gateway.plugins import registry as installed_plugins
from gateway.row_encoding import EMPTY_HASH
from gateway.rows import Rows
from gateway.schema import Record

_NO_CONTENT = ("created_at", "updated_at")


class Config(Rows):
    """`collections`: kind ("services") -> id -> row. Every kind is present, rows are in the order of the file."""

    def __init__(self, collections: Mapping[str, Mapping[str, Entity]] | None = None) -> None:
        given = collections or {}
        # taken over, not copied: what did not change is then the same object in the next configuration
        self.collections: Collections = {
            name: rows if isinstance(rows := given.get(name, {}), dict) else dict(rows) for name in KINDS
        }

    @classmethod
    def load(cls, text: str, **options: Any) -> Config:
        """The configuration that a YAML or JSON text declares; options as for from_declarative. Raises ConfigError."""
        return cls.from_declarative(read_document(text), **options)

    @classmethod
    def from_declarative(
        cls,
        document: Mapping[str, Any],
        *,
        deck: bool = False,
        registry: Registry | None = None,
        now: int = 1,
        new_key: Callable[[], str] | None = None,
    ) -> Config:
        """Validates everything. Raises ConfigError with all that is wrong.

        deck: the document is a decK file, so that `_info` and `_workspace` are followed instead of refused, and foreign
        keys may be {name: x}. registry: the plugins there are. now: seconds since 1970 for rows without created_at.
        new_key: makes a key for a credential that has none.
        """
        if deck:
            document = without_deck(document)
        plugins = installed_plugins() if registry is None else registry
        reading = Reading(plugins, now, new_key, names_in_objects=deck)
        config = cls()
        config.collections = reading.read(document)
        return config

    def get(self, kind: str, word: str) -> Entity | None:
        """A row by id, or by the field that names rows of its kind (name, username, prefix...)."""
        rows = self.collections[kind]
        if word in rows:
            return rows[word]
        key = KINDS[kind].key
        if not key:
            return None
        return next((row for row in rows.values() if row[key] == word), None)

    def children(self, kind: str, field: str, id: str) -> list[Entity]:
        """The rows of a kind whose foreign key `field` is `id`: children("routes", "service", ...)."""
        return [row for row in self.collections[kind].values() if row[field] is not None and row[field]["id"] == id]

    def replaced(self, kind: str, rows: Mapping[str, Entity]) -> Config:
        """The same configuration with other rows of one kind."""
        config = Config.__new__(Config)
        config.collections = {**self.collections, kind: dict(rows)}
        return config

    def dated_like(self, earlier: Config, now: int) -> Config:
        """The same configuration, read at `now` in the place of `earlier`: what was there already keeps when it was
        made, and what is as it was when it last changed. So nobody is told that a row changed which did not."""
        config = Config(self.collections)
        for name, rows in config.collections.items():
            for id, row in rows.items():
                old = earlier.collections[name].get(id)
                if old is None or row.get("created_at") != now:
                    continue  # it is new, or the text says itself when it was made
                kept = {**row, "created_at": old["created_at"]}
                if "updated_at" in row and {**kept, "updated_at": old["updated_at"]} == old:
                    kept["updated_at"] = old["updated_at"]
                rows[id] = kept
        return config

    def render(self) -> dict[str, Any]:
        """The declarative document that loads to exactly this: flat, ids given, foreign keys by id."""
        out: dict[str, Any] = {"_format_version": "3.0", "_transform": False}
        for name, kind in KINDS.items():
            rows = [_written(row, kind.foreign) for row in self.collections[name].values()]
            if rows:
                out[name] = rows
        return out

    @cached_property
    def hash(self) -> str:
        """32 hexadecimal digits that change with the content (not with timestamps); zeros for an empty
        configuration."""
        if not any(self.collections.values()):
            return EMPTY_HASH
        content = {
            name: {id: {k: v for k, v in row.items() if k not in _NO_CONTENT} for id, row in rows.items()}
            for name, rows in self.collections.items()
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def record_of(kind: str, row: Mapping[str, Any]) -> Record:
    """The schema of a row: its kind's, with the plugin's own settings where it is one of a plugin we have."""
    plugin = installed_plugins().get(str(row.get("name"))) if kind == "plugins" else None
    return KINDS[kind].record if plugin is None else plugin_record(plugin)


def _written(row: Entity, foreign: Mapping[str, str]) -> Entity:
    return {name: value["id"] if name in foreign and value is not None else value for name, value in row.items()}
