"""The configuration that is in force: changing it is all or nothing, and what was acknowledged survives a crash.

A change is validated by whoever makes it (entities), checked whole here (`check`: does it compile?), written beside the
old state, handed to the workers (`publish`), and only when they took it put in the old state's place. Whatever fails,
the old configuration runs on. Not for: HTTP, sockets, what a configuration means.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.codec import encode
from gateway.entities import Config
from gateway.entities.saved import STATE_FORMAT, STATE_NAME, Origin, Saved, digest, read_saved
from gateway.errors import ConfigError, GatewayError
from gateway.row_encoding import RowEncoder

if TYPE_CHECKING:
    from gateway.settings import Settings

Check = Callable[[Config], object]
"""Raises ConfigError for a configuration that cannot run here; what it returns is not used."""
Publish = Callable[[Config], Awaitable[None]]
"""Gives the configuration to every worker; raises GatewayError, with all workers on the old one, when one refuses."""
Declared = Callable[[], "bytes | None"]
"""What the declarative file holds now, None without one; raises StoreError."""
Log = Callable[[str], None]


class StoreError(GatewayError):
    """The state cannot be read or written. The text names the file and what to do."""


class ChangedMeanwhile(GatewayError):
    """What is in force is not what the change was made of."""


class Store:
    """`config` and `version` are the truth at any moment; read them, never change them."""

    def __init__(
        self,
        config: Config,
        *,
        version: str = "",
        prefix: Path | None = None,
        origin: Origin = Origin(),
        declared: Declared = lambda: None,
        named: str = "",
        check: Check | None = None,
        publish: Publish | None = None,
    ) -> None:
        self.config = config
        self._encoder = RowEncoder()
        self.version = version or self._encoder.encode(config.collections)[1]  # Kong's configuration_hash
        self.check = check
        self.publish = publish  # set by the transport once there are workers
        self._path = prefix / STATE_NAME if prefix is not None else None
        self._origin = origin
        self._declared = declared
        self._named = named  # where the declarative text comes from, for messages
        self._turn = asyncio.Lock()

    @classmethod
    def open(cls, settings: Settings, *, log: Log, check: Check | None = None) -> Store:
        """The store a node starts with. Raises ConfigError, or StoreError when a file cannot be read.

        Without a prefix the declarative file is the truth at each start. With one the saved state is, unless the
        file's content is neither what that state began with nor what it was last replaced by: then the file wins.
        """
        text = _read_declarative(settings)
        declared = partial(_read_declarative, settings)
        named = str(settings.declarative_config or "KONG_DECLARATIVE_CONFIG_STRING")
        prefix = settings.prefix
        saved = _read_state(prefix / STATE_NAME) if prefix is not None else None
        origin = saved.origin if saved is not None else Origin()
        if saved is not None and (text is None or origin.includes(text)):
            log(f"configuration: the saved state {saved.path}")
            origin = origin.seen(text)
            store = cls(
                saved.config(),
                version=saved.version,
                prefix=prefix,
                origin=origin,
                declared=declared,
                named=named,
                check=check,
            )
        else:
            if saved is not None:
                log(
                    f"configuration: {named} changed since the state was saved, so it is used and the saved state, "
                    "changes made through the Admin API included, is dropped"
                )
            config = Config() if text is None else _load(text, named)
            version = "" if text is None else text_version(text)
            origin = Origin() if text is None else Origin(digest(text), digest(text))
            store = cls(
                config, version=version, prefix=prefix, origin=origin, declared=declared, named=named, check=check
            )
        if check is not None:
            check(store.config)
        if prefix is not None:
            store._write_beside(store._encoder.encode(store.config.collections)[0], store.version, origin)
            store._put_in_place()
        return store

    async def apply(self, config: Config, text: bytes | None = None, expected: str = "") -> None:
        """Put `config` into force; `text`: the declarative text that it is the whole of, when there is one; `expected`:
        the version that it was made of, "" for any. Raises what `check` and `publish` raise, ChangedMeanwhile or
        StoreError; then nothing changed."""
        async with self._turn:
            if expected not in ("", self.version):
                raise ChangedMeanwhile("the configuration was changed meanwhile")
            if text is None:
                await self._apply(config, "", self._origin)
            else:
                await self._apply(config, text_version(text), self._origin.after(text, self._declared_if_any()))

    async def refresh(self) -> None:
        """Put what the declarative file holds into force, or, when there is no news in it, what is in force once more:
        secrets are read again then. Raises as `apply` and `open` do."""
        async with self._turn:
            text = self._declared()
            if text is None or self._origin.includes(text):
                await self._apply(self.config, self.version, self._origin.seen(text))
            else:
                await self._apply(_load(text, self._named), text_version(text), Origin(digest(text), digest(text)))

    async def edit(self, change: Callable[[Config], Config]) -> Config:
        """Apply what `change` makes of the configuration in force. No other change comes between reading and applying;
        `change` may raise to leave everything as it is. Gives what is in force afterwards."""
        async with self._turn:
            config = change(self.config)
            if config is not self.config:
                await self._apply(config, "", self._origin)
            return self.config

    async def _apply(self, config: Config, version: str, origin: Origin) -> None:
        if self.check is not None:
            self.check(config)
        rows, row_version = self._encoder.encode(config.collections)
        version = version or row_version
        self._write_beside(rows, version, origin)
        try:
            if self.publish is not None:
                await self.publish(config)
        except BaseException:
            self._drop_beside()
            raise
        try:
            self._put_in_place()
        except OSError as problem:
            if self.publish is not None:
                await self.publish(self.config)  # the workers go back to what is on the disk
            raise StoreError(f"the state cannot be put in place: {self._path}: {problem.strerror}") from None
        self.config, self.version, self._origin = config, version, origin

    def _declared_if_any(self) -> bytes | None:
        try:
            return self._declared()
        except StoreError:  # a file that is gone is told of at the next start, it is no reason to refuse a change
            return None

    # -- the file ----------------------------------------------------------------------------------------------------

    def _write_beside(self, rows: list[bytes], version: str, origin: Origin) -> None:
        """`rows`: all of them as one JSON object, in pieces.

        Everything that can fail for lack of space fails here, before any worker has heard of the change."""
        if self._path is None:
            return
        beside = _beside(self._path)
        head = {"format": STATE_FORMAT, "gateway": __version__, "version": version, **origin._asdict()}
        content = [encode(head)[:-1], b',"collections":', *rows, b"}"]
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            self._drop_beside()
            raise StoreError(
                f"the state cannot be saved: {beside}: {problem.strerror}: make KONG_PREFIX a directory that can be "
                "written, with space left"
            ) from None

    def _put_in_place(self) -> None:
        if self._path is None:
            return
        _beside(self._path).replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)  # the new name itself must outlive a power cut
        finally:
            os.close(directory)

    def _drop_beside(self) -> None:
        if self._path is not None:
            with contextlib.suppress(OSError):  # on a disk that became read-only it stays, and is written over later
                _beside(self._path).unlink(missing_ok=True)


def text_version(text: bytes) -> str:
    """Kong's hash of a declarative configuration: that of the text as it was given."""
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _read_declarative(settings: Settings) -> bytes | None:
    path = settings.declarative_config
    if path is None:
        return settings.declarative_config_string.encode() or None
    try:
        return path.read_bytes()
    except OSError as problem:
        raise StoreError(
            f"the declarative configuration cannot be read: {path}: {problem.strerror}: check KONG_DECLARATIVE_CONFIG"
        ) from None


def _load(text: bytes, named: str) -> Config:
    try:
        return Config.load(text.decode(), deck=True)
    except UnicodeDecodeError as problem:
        raise ConfigError({}, f"{named} is not UTF-8 text (byte {problem.start})") from None


def _read_state(path: Path) -> Saved | None:
    try:
        return read_saved(path)
    except ConfigError as problem:
        raise StoreError(str(problem)) from None
