"""Which tool a file is of, told by what stands in it; then that tool's room reads it. Not for: what formats mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.entities import KINDS, ConfigError, read_document
from quickstart import messages
from quickstart.errors import UsageError
from quickstart.imports import deck, dotenv, litellm
from quickstart.imports.imported import Imported

LARGEST = 32 << 20
text_of = messages.text


def imported(path: Path, environment: Mapping[str, str]) -> Imported:
    """Raises UsageError for a file that cannot be read or is of no known format."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(text_of("imports.too_large", path=path))
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(text_of("imports.unreadable", path=path, reason=error.strerror)) from None
    except UnicodeDecodeError:
        raise UsageError(text_of("imports.not_text", path=path), text_of("imports.known")) from None
    return read(text, path.name, environment)


def read(text: str, name: str, environment: Mapping[str, str]) -> Imported:
    """The same for a text; `name` of its file, as a hint and for messages."""
    if _looks_like_env(name):
        return dotenv.read(text, name)
    document: Any = None
    try:
        document = read_document(deck.substituted(text, environment))
    except ConfigError:
        if dotenv.fits(text):
            return dotenv.read(text, name)
        raise UsageError(text_of("imports.unknown", path=name), text_of("imports.known")) from None
    if "model_list" in document:
        return litellm.read(document, environment)
    if "_format_version" in document or any(kind in document for kind in KINDS):
        return deck.read(document)
    raise UsageError(text_of("imports.unknown", path=name), text_of("imports.known"))


def _looks_like_env(name: str) -> bool:
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")
