"""Request targets and paths: taking a target apart, the normal form that routes are matched against, and the path that
goes upstream. Not for: choosing a route (router.py) or judging hosts and headers.

Paths are bytes. The normal form follows RFC 3986, section 6.2.2, the way Kong 3.9 applies it: escapes of characters
that are not reserved are decoded (so `%20` is a blank and `%C3%A9` is an é), escapes of reserved ones stay with
upper-case digits (`%2F` is not a slash), empty and dot segments go away.
"""

from __future__ import annotations

import re

RESERVED = frozenset(b"!#$%&'()*+,/:;=?@[]")
"""Characters whose escape means something else than the character: these escapes are kept."""

# The common case, nothing to do: no escape occurs, and no slash is followed by a slash or a dot.
_ALREADY_NORMAL = re.compile(rb"(?:/(?![/.])[^/%]*)+\Z")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NOT_FOR_THE_WIRE = re.compile(rb"[^!#$&'()*+,/:;=?@\[\]A-Za-z0-9\-_.~%]")
_NOT_FOR_A_HEADER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*://([^/?#]*)")


class BadTarget(ValueError):
    """A request target that no route may see; the answer is 400. The text says what is wrong with it."""


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """The raw path and the query of a request target; the query keeps its question mark and may be b"".

    An absolute-form target (`http://host/path`) is reduced to its path, b"/" where it has none.
    """
    question = target.find(b"?")
    path, query = (target, b"") if question < 0 else (target[:question], target[question:])
    if not path.startswith(b"/"):
        absolute = _ABSOLUTE.match(path)
        if absolute:
            path = path[absolute.end() :]
            if not path.startswith(b"/"):
                path = b"/" + path
    return path, query


def target_host(target: bytes) -> bytes | None:
    """The authority that an absolute-form target names (port included), None for an ordinary target."""
    absolute = None if target.startswith(b"/") else _ABSOLUTE.match(target)
    return absolute[1] if absolute else None


def normalise(raw: bytes) -> bytes:
    """The normal form of a raw path (as `split_target` returns it).

    Raises BadTarget for what must not reach a route: no leading slash, a broken escape, an escaped NUL, or dot segments
    that climb above the root, also when they are hidden in escapes.
    """
    if _ALREADY_NORMAL.match(raw):
        return raw
    if not raw.startswith(b"/"):
        raise BadTarget("the request target is not a path: it must start with a slash")
    _refuse_traps(raw)
    return normal_form(raw)


def normal_form(path: bytes) -> bytes:
    """`normalise` without its refusals: for paths of the configuration. Idempotent."""
    return _resolve(_ESCAPE.sub(_decode, path))


def _decode(escape: re.Match[bytes]) -> bytes:
    character = int(escape[1], 16)
    return escape[0].upper() if character in RESERVED else bytes((character,))


def _refuse_traps(raw: bytes) -> None:
    if _BROKEN_ESCAPE.search(raw):
        raise BadTarget("the path has a percent sign that is not followed by two hexadecimal digits")
    # A fragment does not belong into a target; like Kong, its dots are not judged but it stays in the path.
    decoded = _ESCAPE.sub(lambda escape: bytes((int(escape[1], 16),)), raw.partition(b"#")[0])
    if b"\0" in decoded:
        raise BadTarget("the path has an escaped NUL character")
    depth = 0
    for segment in decoded.split(b"/"):
        if segment == b"..":
            depth -= 1
            if depth < 0:
                raise BadTarget("the path climbs above the root with '..'")
        elif segment not in (b"", b"."):
            depth += 1


def _resolve(path: bytes) -> bytes:
    """`path` without empty and dot segments; a trailing slash, `.` or `..` leaves a trailing slash."""
    if b"//" not in path and b"/." not in path:
        return path
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b"..":
            if kept:
                kept.pop()
        elif segment not in (b"", b"."):
            kept.append(segment)
    ending = b"/" if kept and segments[-1] in (b"", b".", b"..") else b""
    return b"/" + b"/".join(kept) + ending


def escape(path: bytes) -> bytes:
    """A normalised path as it is sent: everything that may not stand in a path is percent-encoded."""
    return _NOT_FOR_THE_WIRE.sub(_encode, path)


def header_text(path: bytes) -> bytes:
    """A path as a header value (X-Forwarded-Prefix): as it is, but control characters, which a regex may have matched,
    are percent-encoded so that they cannot end the header line."""
    return _NOT_FOR_A_HEADER.sub(_encode, path)


def _encode(character: re.Match[bytes]) -> bytes:
    return b"%%%02X" % ord(character[0])


def upstream_path(service_path: bytes, path: bytes, stripped: bytes | None, rest: bytes) -> bytes:
    """The path for the upstream: the service's path, then what is left of the request's, exactly one slash between.

    `path` is the normalised path, `stripped` the prefix that was taken off (None: the route does not strip), `rest`
    what then remains of `path`. A trailing slash of the request survives where nothing else remains.
    """
    base = service_path or b"/"
    if stripped is None:
        if base.endswith(b"/"):
            return escape(base + path[1:])
        return escape(base if path == b"/" else base + path)
    if rest:
        slashes = base.endswith(b"/") + rest.startswith(b"/")
        if slashes == 2:
            return escape(base + rest[1:])
        return escape(base + rest if slashes else base + b"/" + rest)
    if base.endswith(b"/"):
        return escape(base if base == b"/" or path.endswith(b"/") else base[:-1])
    return escape(base + b"/" if len(path) > 1 and path.endswith(b"/") else base)
