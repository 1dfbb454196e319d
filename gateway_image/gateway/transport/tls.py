"""TLS contexts: one per way of verifying, sessions kept per server, and the listeners' own certificate.

Not for: choosing whether an upstream speaks TLS (Origin), sockets.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from gateway.errors import GatewayError

_SESSIONS = 256


class TlsError(GatewayError):
    """A certificate or key that cannot be used; str() names the file and the setting."""


class ClientContext(ssl.SSLContext):
    """A context that offers each server the session it gave last, which saves a round trip and its arithmetic."""

    sessions: dict[str, ssl.SSLSession]

    def wrap_bio(self, *args: Any, **keywords: Any) -> ssl.SSLObject:
        name = keywords.get("server_hostname")
        known = self.sessions.get(name) if name else None
        if known is not None:
            keywords["session"] = known
        return super().wrap_bio(*args, **keywords)

    def remember(self, transport_object: Any, name: str) -> None:
        """Keeps the session of a connection that is about to be closed or pooled."""
        session = getattr(transport_object, "session", None)
        if session is not None and session.has_ticket:
            if len(self.sessions) >= _SESSIONS:
                self.sessions.clear()
            self.sessions[name] = session


_contexts: dict[bool, ClientContext] = {}


def client_context(verify: bool) -> ClientContext:
    """The context for upstreams. The system's certificate authorities, or those of SSL_CERT_FILE, are trusted."""
    context = _contexts.get(verify)
    if context is None:
        context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)
        context.sessions = {}
        context.set_alpn_protocols(["http/1.1"])
        if verify:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        _contexts[verify] = context
    return context


def forget_contexts() -> None:
    """Reads the certificate authorities again at the next connection."""
    _contexts.clear()


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """The context of the `ssl` listeners. Raises TlsError that names the file which cannot be used."""
    for path in (certificate, key):
        if not Path(path).is_file():
            raise TlsError(f"no such certificate or key file: {path} (see KONG_SSL_CERT and KONG_SSL_CERT_KEY)")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or "it is not a PEM certificate with its unencrypted key"
        raise TlsError(
            f"KONG_SSL_CERT={certificate} and KONG_SSL_CERT_KEY={key} cannot be used together: {reason}"
        ) from None
    return context
