"""The models that a provider lists at this moment, asked with the credential of a plugin's configuration, which nobody
gets to see. Not for: connections (handed in), which models are good for what.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from gateway.chat import mapping, string
from gateway.codec import CodecError, decode
from gateway.errors import VaultError
from gateway.outbound import host_value
from gateway.providers import providers
from gateway.providers._base import CHAT, PRESERVE, Call, Provider, ProviderError
from gateway.values import Fetch, Fetched, Origin
from gateway.vault import is_reference

SECONDS = 10.0
LARGEST = 8 << 20
Ask = Callable[[Fetch], Awaitable[Fetched]]
Resolve = Callable[[str], str]
"""A vault reference's value; raises VaultError."""


async def live_models(config: Mapping[str, Any], resolve: Resolve, ask: Ask) -> dict[str, Any]:
    """`config`: that of an ai-proxy plugin, as a form has it. {"models": [...], "url": who was asked, "problem": why
    there are none, "" when there are}. Never raises, and no text in it holds a key."""
    model = mapping(config.get("model"))
    provider = providers().get(string(model.get("provider")))
    if provider is None:
        return _none("", "choose a provider first")
    try:
        url = models_url(provider, config)
        fetch = _fetch(provider, url, mapping(config.get("auth")), resolve)
    except (ProviderError, ValueError) as error:
        return _none("", str(error))
    except VaultError as error:
        return _none(_shown(url), str(error))
    fetched = await ask(fetch)
    if fetched.error is not None:
        return _none(_shown(url), fetched.error.detail)
    if fetched.status != 200:
        found = provider.diagnose(fetched.status, fetched.body)
        return _none(_shown(url), " ".join(part for part in (found.message, found.hint) if part))
    try:
        names = provider.models(decode(fetched.body))
    except (CodecError, ProviderError, ValueError):
        return _none(_shown(url), f"what answers there does not list models as {provider.title} does")
    return {"models": names, "url": _shown(url), "problem": "" if names else "it lists no models"}


def models_url(provider: Provider, config: Mapping[str, Any]) -> str:
    """Where a provider lists its models: beside the place that is called. Raises ProviderError and ValueError."""
    path = provider.models_path
    if not path:
        raise ProviderError(f"{provider.title} has no list of models that can be asked for: type the name")
    model = mapping(config.get("model"))
    options = {name: value for name, value in mapping(model.get("options")).items() if value is not None}
    if not string(options.get("upstream_url")):
        if provider.origin:
            return provider.origin + path
        if "azure_instance" not in options:
            raise ProviderError(f"{provider.title} has no address of its own: fill in model.options.upstream_url first")
    kind = string(config.get("route_type")) or CHAT
    called = provider.url(Call(CHAT if kind == PRESERVE else kind, string(model.get("name")) or "any", options))
    parts = urlsplit(called)
    below = provider.paths.get(CHAT, "")
    # http://host/prefix/v1/chat/completions lists its models at http://host/prefix/v1/models
    prefix = parts.path.removesuffix(below) if below and parts.path.endswith(below) else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{prefix}{path}"


def _fetch(provider: Provider, url: str, auth: Mapping[str, Any], resolve: Resolve) -> Fetch:
    """The question. Raises VaultError, ProviderError, ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the upstream URL is not an http or https URL")
    origin = Origin(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    known = {name: _value(value, resolve) for name, value in auth.items() if isinstance(value, str)}
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if known.get("param_location") == "query" and known.get("param_name"):
        pair = f"{quote(known['param_name'])}={quote(known.get('param_value', ''))}"
        target += ("&" if "?" in target else "?") + pair
    lines = [("Host", host_value(origin).decode("latin-1")), ("Accept", "application/json")]
    lines += [(name, value) for name, value in provider.headers(Call(CHAT, "", {})) if name.lower() != "content-type"]
    if known.get("header_name"):
        lines.append((known["header_name"], known.get("header_value", "")))
    if not all(value.isprintable() and name.isprintable() for name, value in lines):
        raise ProviderError("the credential has a line break or another control character: correct the secret")
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    try:
        raw = f"GET {quote(target, safe='/?&=%:,+-._~')} HTTP/1.1\r\n{head}\r\n".encode("latin-1")
    except UnicodeEncodeError:
        raise ProviderError("the credential has letters that no header can carry: correct the secret") from None
    return Fetch(origin, raw, b"", SECONDS, LARGEST)


def _value(text: str, resolve: Resolve) -> str:
    return resolve(text) if is_reference(text) else text


def _shown(url: str) -> str:
    return url.partition("?")[0]


def _none(url: str, problem: str) -> dict[str, Any]:
    return {"models": [], "url": url, "problem": problem}
