"""The way out of this machine that setup found and the gateway goes: the forward proxy, what is asked without it, whose
certificates are trusted. The same in both runtimes, whoever starts the gateway again later.

Where it is kept: the proxy's URL may hold a password, so it is in the secrets file; the rest is in answers and plan.
Not for: which requests take the proxy (gateway.settings.proxies), asking through it (keycheck.py).
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.settings.proxies import DIRECT, PROXY, ForwardProxy, ProxyError, configured
from quickstart import diagnosis, endpoints
from quickstart.errors import EnvironmentProblem
from quickstart.plan import Plan

AUTHORITIES = "SSL_CERT_FILE"
DEFAULT = "system"
"""The answer that stands for the certificate authorities of the machine or image that the gateway runs on."""
NOBODY = "none"
"""The answer that stands for no forward proxy, or for nothing that is asked without it."""
_CERTIFICATE = re.compile(rb"-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----.+?-----END \1?CERTIFICATE-----", re.DOTALL)


class Unusable(EnvironmentProblem):
    """A bundle of certificates that is none. `code`: one of diagnosis.py."""

    def __init__(self, code: str, path: str) -> None:
        told = diagnosis.told(code, path=path)
        super().__init__(told.message, told.hint)
        self.code = code


@dataclass(frozen=True, slots=True)
class Outward:
    """`proxy`: as this machine reaches it. `ca_file`: absolute path of a bundle, "" for the usual authorities; `ca_sum`
    stands for its content."""

    proxy: ForwardProxy | None = field(default=None, repr=False)
    no_proxy: str = ""
    ca_file: str = ""
    ca_sum: str = ""

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` as it is for requests that go this way."""
        found = {name: value for name, value in base.items() if name.upper() not in (PROXY, DIRECT, AUTHORITIES)}
        if self.proxy is not None:
            found |= {PROXY: self.proxy.url} | ({DIRECT: self.no_proxy} if self.no_proxy else {})
        return found | ({AUTHORITIES: self.ca_file} if self.ca_file else {})

    def from_gateway(self, bridged: bool) -> tuple[ForwardProxy | None, str]:
        """The proxy and NO_PROXY from where the gateway runs: behind a bridge this machine has another name, which no
        proxy knows."""
        if self.proxy is None:
            return None, ""
        names = [self.no_proxy] if self.no_proxy else []
        return _moved(self.proxy, bridged), ",".join([*names, *([endpoints.BRIDGE_HOST] if bridged else [])])


def settle(
    environment: Mapping[str, str], secrets: Mapping[str, str], forward_proxy: str, no_proxy: str, ca_file: str
) -> Outward:
    """The way out by this shell, else as it was kept, as the answers want it. Raises EnvironmentProblem."""
    try:
        proxy = (configured(environment) or configured(secrets)) if forward_proxy != NOBODY else None
    except ProxyError as malformed:
        told = diagnosis.told("proxy_malformed", variable=malformed.variable)
        raise EnvironmentProblem(told.message, told.hint) from None
    path, total = "", ""
    if ca_file != DEFAULT:
        path = str(Path(ca_file).expanduser().absolute())
        total = hashlib.sha256(certificates(path)).hexdigest()[:16]
    names = "" if no_proxy == NOBODY else no_proxy
    return Outward(_moved(proxy, False) if proxy is not None else None, names, path, total)


def environment_of(plan: Plan, secrets: Mapping[str, str], base: Mapping[str, str]) -> dict[str, str]:
    """`base` as it is for requests that go the way of the gateway that was set up."""
    kept: Mapping[str, str] = secrets if plan.forward_proxy else {}
    way = Outward(None, plan.no_proxy, plan.ca_file)
    try:
        proxy = configured(kept)
    except ProxyError:  # somebody edited it: whoever uses it says so
        return way.environment(base) | {PROXY: kept[PROXY]}
    return Outward(_moved(proxy, False) if proxy else None, plan.no_proxy, plan.ca_file).environment(base)


def certificates(path: str) -> bytes:
    """The certificates of a PEM file, and nothing else that may be in it. Raises Unusable."""
    try:
        found = [match[0] for match in _CERTIFICATE.finditer(Path(path).read_bytes())]
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        found = []
    except OSError:
        raise Unusable("ca_missing", path) from None
    if not found:
        raise Unusable("ca_broken", path)
    return b"\n".join(found) + b"\n"


def _moved(proxy: ForwardProxy, bridged: bool) -> ForwardProxy:
    """The same proxy from where the gateway runs."""
    seen = endpoints.as_seen_by_gateway(endpoints.Address("http", proxy.host, proxy.port), bridged)
    if seen.host == proxy.host:
        return proxy
    user, at, _ = urlsplit(proxy.url).netloc.rpartition("@")
    moved = proxy._replace(host=seen.host)
    return moved._replace(url=f"http://{user}{at}{moved.shown}")
