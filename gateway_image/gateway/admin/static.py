"""The files that the Manager and the Dev Portal are made of, with the headers that keep a page to itself. Not for: what
the pages show, which is asked for by their scripts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.admin.answers import empty
from gateway.values import Reply, Request

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_LINES = (
    b"Content-Security-Policy: " + POLICY + b"\r\n"
    b"X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
    b"Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n"
)
INDEX = "index.html"
TYPES: Mapping[str, bytes] = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}


class Static:
    """Files by the path under which they are asked for. All are read once: what is not in the table does not exist,
    whatever a path looks like."""

    def __init__(self, files: Mapping[str, tuple[bytes, bytes]]) -> None:
        """`files`: path -> (content type, content)."""
        self._files = {
            path: (kind, content, b'"' + hashlib.sha256(content).hexdigest()[:32].encode() + b'"')
            for path, (kind, content) in files.items()
        }

    @classmethod
    def of(cls, *folders: Path, parts: Mapping[str, Path] | None = None) -> Static:
        """The files below some folders; `parts`: further folders that are served below a name."""
        found: dict[str, tuple[bytes, bytes]] = {}
        for below, folder in [("", folder) for folder in folders] + [(f"{n}/", f) for n, f in (parts or {}).items()]:
            for path in sorted(folder.rglob("*")):
                kind = TYPES.get(path.suffix)
                if kind is not None and path.is_file():
                    found[below + path.relative_to(folder).as_posix()] = (kind, path.read_bytes())
        return cls(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def answer(self, request: Request, segments: tuple[str, ...]) -> Reply | None:
        """The file that a path names, its index for the empty path; None when there is none. A browser that has it
        already is told so."""
        found = self._files.get("/".join(segments) or INDEX)
        if found is None:
            return None
        kind, content, tag = found
        lines = PAGE_LINES + b"Cache-Control: no-cache\r\nETag: " + tag + b"\r\n"
        known = request.fields.get(b"if-none-match", b"")
        if tag in [word.strip().removeprefix(b"W/") for word in known.split(b",")]:
            return empty(304, lines)
        return Reply(200, b"Content-Type: " + kind + b"\r\n" + lines, content)
