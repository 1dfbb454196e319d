"""Where Konnect's API is: one host per region and a global one for identity. Not for: talking to them (client.py).

`AI_GATEWAY_KONNECT_URL` moves all of them, for a proxy of one's own or a test: a URL with `{region}` in it. It must be
https, or http on loopback, because a token is sent there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from quickstart import messages
from quickstart.errors import UsageError

GLOBAL = "global"
VARIABLE = "AI_GATEWAY_KONNECT_URL"
_USUAL = "https://{region}.api.konghq.com"
TOKENS_PAGE = "https://cloud.konghq.com/global/account/tokens"


def base_url(environment: Mapping[str, str], region: str) -> str:
    """The address of one region's API, or of GLOBAL, without a slash at its end. Raises UsageError for a moved address
    that is not safe to send a token to."""
    template = environment.get(VARIABLE, "").strip() or _USUAL
    url = template.replace("{region}", region).rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        allowed = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    except ValueError:
        host, allowed = "", False
    if "{region}" not in template or not host or not allowed or parts.username is not None:
        raise UsageError(messages.text("konnect.url", variable=VARIABLE), messages.text("konnect.url_hint"))
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
