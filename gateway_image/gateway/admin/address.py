"""Where a client reaches one of this node's listeners: the host that it used for us, and that listener's port. Pure.
Not for: checking whose host that is (guard.py)."""

from __future__ import annotations

from gateway.settings import Listener
from gateway.values import Request

_WILDCARDS = ("0.0.0.0", "::", "*")  # noqa: S104 - recognised, not listened on


def address(listeners: tuple[Listener, ...], request: Request) -> str:
    """ "http://127.0.0.1:8000", plain HTTP where that is served; "" without a listener."""
    listener = next((one for one in listeners if not one.ssl), listeners[0] if listeners else None)
    if listener is None:
        return ""
    host = listener.host
    if host in _WILDCARDS:
        used = request.fields.get(b"host", b"127.0.0.1").decode("latin-1")
        host = used.partition("]")[0] + "]" if used.startswith("[") else used.partition(":")[0]
    elif ":" in host:
        host = f"[{host}]"
    return f"{'https' if listener.ssl else 'http'}://{host}:{listener.port}"
