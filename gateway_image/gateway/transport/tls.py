"""TLS contexts: one per way of verifying, sessions kept per server, and the listeners' own certificate.

Not for: choosing whether an upstream speaks TLS (Origin), sockets.
"""

from __future__ import annotations

import ssl
from typing import Any

from gateway.errors import GatewayError
from gateway.settings import Settings

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
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # whatever the machine's own settings would take
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


def server_context(settings: Settings) -> ssl.SSLContext:
    """The context of the `ssl` listeners. Raises TlsError that names the setting or the file which cannot be used."""
    if not settings.ssl_cert or not settings.ssl_cert_key:
        raise TlsError(
            "a listener with ssl needs a certificate: give KONG_SSL_CERT and KONG_SSL_CERT_KEY (PEM files), "
            "or take ssl out of the listener"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    for certificate, key in zip(settings.ssl_cert, settings.ssl_cert_key, strict=True):
        for variable, path in (("KONG_SSL_CERT", certificate), ("KONG_SSL_CERT_KEY", key)):
            if not path.is_file():
                raise TlsError(f"{variable}: no such file: {path}")
        try:
            context.load_cert_chain(certificate, key, password=lambda: "")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not PEM, or encrypted"
            raise TlsError(
                f"KONG_SSL_CERT={certificate} and KONG_SSL_CERT_KEY={key} cannot be used together: {reason}"
            ) from None
    return context
