"""The optional password of the Admin API and the Manager (KONG_ADMIN_TOKEN). Not for: who may reach them at all
(guard.py).

Programs send `Kong-Admin-Token`, as they do to Kong Enterprise; a browser asks its user (Basic, any name).
"""

from __future__ import annotations

import base64
import binascii
import hmac

from gateway.codec import encode
from gateway.values import Reply, Request

_CHALLENGE = (
    b'WWW-Authenticate: Basic realm="gateway", charset="UTF-8"\r\nContent-Type: application/json; charset=utf-8\r\n'
)
_TEXT = "an admin token is needed: send it in the header Kong-Admin-Token (it is the value of KONG_ADMIN_TOKEN)"


def token_fits(request: Request, token: str) -> bool:
    """Whether the request carries the token; always when none is set. A wrong one takes as long as the right one."""
    if not token:
        return True
    given = request.fields.get(b"kong-admin-token")
    if given is None:
        given = _password(request.fields.get(b"authorization", b""))
    return hmac.compare_digest(given, token.encode())


def _password(authorization: bytes) -> bytes:
    scheme, _, credentials = authorization.partition(b" ")
    if scheme.lower() == b"bearer":
        return credentials.strip()
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(credentials.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def unauthorized() -> Reply:
    return Reply(401, _CHALLENGE, encode({"message": _TEXT}))
