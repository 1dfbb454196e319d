"""The state that a node keeps between two starts, for who reads it: the node itself, and the quickstart while no node
runs. Not for: writing it, or when a change is acknowledged (store.py).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from gateway import __version__
from gateway.codec import CodecError, decode
from gateway.entities.config import Config
from gateway.errors import ConfigError

STATE_FORMAT = 1
STATE_NAME = "state.json"


class Origin(NamedTuple):
    """The declarative texts that the state goes on from, as SHA-256; "" for none. Finding one of them in the file is no
    news: to load it again would drop what was changed since. Any other text was written by somebody who means it."""

    source: str = ""  # what the file held when it was last seen to be in force
    applied: str = ""  # what was last given as a whole: whoever gave it may write it into the file only afterwards

    def includes(self, text: bytes) -> bool:
        return digest(text) in self

    def seen(self, text: bytes | None) -> Origin:
        """What it is once the file was seen to hold `text`, one of them."""
        return self if text is None else Origin(digest(text), self.applied)

    def after(self, text: bytes, declared: bytes | None) -> Origin:
        """What it is once `text` is applied while the file holds `declared`."""
        given = digest(text)
        if declared is not None and (declared == text or digest(declared) == self.applied):
            return Origin(digest(declared), given)
        return Origin(self.source, given)


class Saved(NamedTuple):
    """A state as it was found."""

    path: Path
    version: str
    origin: Origin
    gateway: str  # the version of the gateway that wrote it
    collections: dict[str, Any]

    def config(self) -> Config:
        config = Config(self.collections)
        if self.gateway == __version__:
            return config
        # another version's rows: its fields may be more or fewer than ours
        return Config.from_declarative(config.render())


def digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def read_saved(path: Path) -> Saved | None:
    """The saved state, None when nothing was saved yet. Raises ConfigError for a file that is there but cannot be used:
    to go on with less than what was acknowledged would lose it silently."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise ConfigError({}, f"the saved state cannot be read: {path}: {problem.strerror}") from None
    try:
        saved = decode(content)
    except CodecError:
        saved = None
    if not isinstance(saved, dict) or not isinstance(saved.get("collections"), dict):
        raise ConfigError({}, f"the saved state is damaged: {path}: move it away to start from the declarative file")
    if saved.get("format") != STATE_FORMAT:
        raise ConfigError(
            {},
            f"the saved state {path} was written by another version of the gateway: move it away to start from the "
            "declarative file",
        )
    origin = Origin(saved.get("source", ""), saved.get("applied", ""))
    return Saved(path, saved.get("version", ""), origin, saved.get("gateway", ""), saved["collections"])


def at_rest(prefix: Path, declared: bytes | None) -> Config | None:
    """What a node that starts with this prefix and this declarative text would put into force; None for nothing.
    Raises ConfigError."""
    saved = read_saved(prefix / STATE_NAME)
    if saved is not None and (declared is None or saved.origin.includes(declared)):
        return saved.config()
    return None if declared is None else Config.load(declared.decode(errors="replace"), deck=True)
