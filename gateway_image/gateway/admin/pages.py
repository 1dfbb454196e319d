"""The two listeners for those who call the gateway: Dev Portal and Files API. Made from the live configuration, without
a request to anywhere else. Not for: changing anything (manager.py, the Admin API).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from html import escape
from typing import Any

from gateway import __version__
from gateway.admin import answers
from gateway.admin.address import address
from gateway.admin.answers import Refusal, not_found
from gateway.admin.call import Call
from gateway.admin.guard import Guard
from gateway.admin.openapi import document
from gateway.admin.overview import RouteView, curl, routes
from gateway.codec import encode
from gateway.settings import Settings
from gateway.store import Store
from gateway.values import Reply, Request

_POLICY = (
    b"Content-Security-Policy: default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    b"Cache-Control: no-store\r\n"
)
_STYLE = b"""
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --strong: #0b63c5; }
@media (prefers-color-scheme: dark) { :root { --strong: #7db7ff; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
a { color: var(--strong); }
article { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; padding: 1rem; }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: minmax(5rem, auto) 1fr; margin: 0 0 .75rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--soft); border-radius: .25rem; margin: 0; overflow-x: auto; padding: .75rem; }
pre:focus-visible, a:focus-visible { outline: 3px solid var(--strong); }
"""
_DOCUMENT = "openapi.json"


class Pages:
    """`portal` and `files` are what the two listeners call."""

    def __init__(self, store: Store, settings: Settings, guard: Guard) -> None:
        self._store = store
        self._settings = settings
        self._guard = guard

    def portal(self, request: Request) -> Reply:
        return self._guarded(request, self._portal)

    def files(self, request: Request) -> Reply:
        return self._guarded(request, self._files)

    def _guarded(self, request: Request, answer: Callable[[Call], Reply]) -> Reply:
        try:
            refusal = self._guard.refusal(request)
            if refusal is not None:
                raise answers.message(403, refusal)
            call = Call(request)
            reply = call.gate("GET, HEAD, OPTIONS") or answer(call)
        except Refusal as refused:
            reply = refused.reply()
        return Reply(reply.status, reply.block + answers.SERVER_LINE, reply.body)

    # -- pages -------------------------------------------------------------------------------------------------------

    def _portal(self, call: Call) -> Reply:
        if call.segments == ("style.css",):
            return _style()
        if call.segments:
            raise not_found()
        base = self._base(call)
        files = address(self._settings.portal_api_listen, call.request)
        link = f"{files}/files/{_DOCUMENT}"
        intro = f"<p>These routes answer at <strong>{escape(base)}</strong>.</p>"
        if files:
            intro += f"<p>As a document for programs: <a href='{escape(link)}'>{_DOCUMENT}</a> (OpenAPI 3.1).</p>"
        return _page("Developer Portal", intro, [_card(view, base) for view in routes(self._store.config)])

    def _files(self, call: Call) -> Reply:
        content = encode(document(routes(self._store.config), self._base(call)))
        if call.segments in ((), ("files",)):
            row: dict[str, Any] = {
                "path": _DOCUMENT,
                "content_type": "application/json",
                "size": len(content),
                "checksum": hashlib.sha256(content).hexdigest(),
            }
            return answers.json(200, {"data": [row], "next": None}, _POLICY)
        if call.segments == ("files", _DOCUMENT):
            return Reply(200, answers.JSON_TYPE + _POLICY, content)
        raise not_found()

    def _base(self, call: Call) -> str:
        """Where this client reaches the proxy: the host it used for us, and the proxy's port."""
        return address(self._settings.proxy_listen, call.request) or "http://127.0.0.1:8000"


def _style() -> Reply:
    return Reply(200, b"Content-Type: text/css; charset=utf-8\r\n" + _POLICY, _STYLE)


def _page(title: str, intro: str, cards: list[str]) -> Reply:
    body = "\n".join(cards) or "<p>There are no routes yet.</p>"
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}</title>\n<link rel="stylesheet" href="style.css">\n</head>\n<body>\n'
        f"<header><h1>{title}</h1>{intro}</header>\n<main>\n{body}\n</main>\n"
        f"<footer><p>Gateway {escape(__version__)}. Reload to see changes.</p></footer>\n</body>\n</html>\n"
    )
    return Reply(200, b"Content-Type: text/html; charset=utf-8\r\n" + _POLICY, text.encode())


def _card(view: RouteView, base: str) -> str:
    rows = {
        "Path": " ".join((", ".join(view.methods) or "any method", ", ".join(view.paths) or "any path")),
        "Host": ", ".join(view.hosts),
        "Headers": ", ".join(f"{name}: {value}" for name, value in view.headers.items()),
        "Provider": view.title,
        "Model": view.model or ("named by the request" if view.provider else ""),
        "Key": f"in the header {view.key_header}" if view.key_header else "",
    }
    facts = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows.items() if value)
    command = escape(curl(view, base))
    return (
        f"<article>\n<h2>{escape(view.name)}</h2>\n<dl>{facts}</dl>\n"
        f'<pre tabindex="0" aria-label="How to call {escape(view.name)}">{command}</pre>\n</article>'
    )
