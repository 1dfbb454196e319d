"""API keys as people paste them: cleaned, masked, told from another provider's, and as a header value. Pure.

Not for: reading them (prompter.py, sources.py), trying them (keycheck.py), storing them (files.py). No text made here
holds more than a key's last four characters.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from gateway.providers import owner_of, providers
from gateway.providers._base import Provider
from quickstart import messages
from quickstart.errors import UsageError

text_of = messages.text

TELLING_LENGTH = 16
"""Shorter keys show nothing: four characters would be too large a part of them."""

_SPACES = " \t\r\n\v\f\u00a0\u3000\u200b\ufeff\u2060"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’"}
_ASSIGNMENT = re.compile(r"(?:(?:export|set)\s+[A-Za-z_]\w*|[A-Z][A-Z0-9]*_[A-Z0-9_]*)\s*=\s*(?=[^=\s])")
_HEADER = re.compile(r"(?:authorization|x-api-key|api-key|x-goog-api-key)\s*:\s*", re.IGNORECASE)
_BEARER = re.compile(r"bearer\s+", re.IGNORECASE)


class CleanKey(NamedTuple):
    value: str
    removed: tuple[str, ...]  # what was taken away, in words: "quotes", "Bearer"


def clean(text: str) -> CleanKey:
    """The key itself out of what was pasted: around it spaces (also full-width), quotes, `export NAME=`, a header name
    and `Bearer` go. Raises UsageError when what is left cannot be a key; "" stays "" (skipped)."""
    removed: list[str] = []
    value = text
    while True:
        before = value
        value = value.strip(_SPACES)
        for pattern, name in ((_HEADER, text_of("pasted.header")), (_BEARER, "Bearer")):
            if match := pattern.match(value):
                value = value[match.end() :]
                removed.append(name)
        if len(value) >= 2 and _QUOTES.get(value[0]) == value[-1]:
            value = value[1:-1]
            removed.append(text_of("pasted.quotes"))
        if match := _ASSIGNMENT.match(value):
            value = value[match.end() :]
            removed.append("NAME=")
        if value == before:
            break
    if text != text.strip(_SPACES):
        removed.insert(0, text_of("pasted.spaces"))
    if value.lower() in {"bearer", "export"}:
        value = ""
    for character in value:
        if character in _SPACES or character.isspace():
            raise UsageError(text_of("pasted.space"), text_of("pasted.again"))
        if not character.isprintable():
            raise UsageError(text_of("pasted.control", code=f"U+{ord(character):04X}"), text_of("pasted.again"))
        if not character.isascii():
            raise UsageError(text_of("pasted.foreign", code=f"U+{ord(character):04X}"), text_of("pasted.foreign_do"))
    return CleanKey(value, tuple(dict.fromkeys(removed)))


def ending(key: str) -> str:
    """The last four characters, "" for a key too short to show any."""
    return key[-4:] if len(key) >= TELLING_LENGTH else ""


def mask(key: str) -> str:
    """`****9fQA`"""
    return "****" + ending(key)


def mask_header(value: str) -> str:
    """The mask of the key in a complete header value such as `Bearer sk-...`."""
    return mask(value.rsplit(" ", 1)[-1])


def received(key: str) -> str:
    """What a hidden prompt may say afterwards."""
    if shown := ending(key):
        return text_of("pasted.received_ends", count=len(key), ending=shown)
    return text_of("pasted.received", count=len(key))


def header_value(provider: Provider, key: str) -> str:
    """The complete value of the provider's credential header, as it is stored and sent."""
    return f"{provider.auth_prefix}{key}"


def key_of(provider: Provider, value: str) -> str:
    """The key out of a stored header value."""
    return value.removeprefix(provider.auth_prefix)


def whose(key: str, provider: Provider) -> Provider | None:
    """The other provider whose keys begin like this one; None when it may well be `provider`'s. Forms of keys change,
    so this is a reason to ask again, never to refuse."""
    owner = owner_of(key)
    return providers()[owner] if owner and owner != provider.name else None


def from_file(path: str, origin: str) -> str:
    """The first non-empty line of a key file. Raises UsageError that names `origin` and the path, never the content."""
    file = Path(path).expanduser()
    try:
        if file.stat().st_size > 64 << 10:
            raise UsageError(f"{origin}: {file} is too large to be a key.")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{origin}: cannot read {file}: {error.strerror}.", "Give a readable file with the key."
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{origin}: {file} is not text.", "Give a text file that holds only the key.") from None
    lines = [line for line in text.splitlines() if line.strip(_SPACES)]
    if len(lines) != 1:
        raise UsageError(f"{origin}: {file} has {len(lines)} lines; it must hold the key alone.")
    return clean(lines[0]).value
