"""What exports are made of: the configuration in force, edits of others included, with references instead of secrets.

It is asked of the running gateway; of a stopped one it is the file that it would read. Not for: formats (one file
each).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.entities import KINDS
from quickstart import deployment, messages
from quickstart.errors import EnvironmentProblem, QuickstartError
from quickstart.exports._bundle import Note
from quickstart.files import Places
from quickstart.plan import Plan
from quickstart.reconcile import deck_file, rows, sealing, situation

CREDENTIALS = {kind: next(iter(KINDS[kind].secret)) for kind in KINDS["consumers"].children if KINDS[kind].secret}
"""What consumers identify themselves with -> the field that is secret. No Kong takes references there."""
_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")
_REFERENCE = re.compile(r"\{vault://([a-z][a-z0-9-]*)/([^/?#}]+)[^}]*\}")


@dataclass(frozen=True, slots=True)
class Source:
    """`document`: a decK file's content, nested, without defaults. Secrets are {vault://env/NAME}; those of consumers
    too, which no Kong resolves: each format says them in its own way. `secrets`: NAME -> the reference."""

    document: dict[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    proxied: bool = False  # whether the way out is a forward proxy, whose URL is among the secrets as HTTPS_PROXY
    no_proxy: str = ""
    notes: tuple[Note, ...] = ()


def read(places: Places) -> Source:
    """Raises EnvironmentProblem when nothing is set up, QuickstartError for a configuration that cannot be read."""
    known = deployment.require(places.deployment)
    found = situation.read(places, known.plan, running=True)
    if found.running is None:
        raise EnvironmentProblem(
            f"There is no configuration to export: {places.configuration} is gone.", "Set it up again: ai-gateway setup"
        )
    made = _made(found.running, found.secrets, found.found)
    notes = made.notes
    if not found.live:
        notes = (Note(messages.text("exports.from_file", path=places.configuration)), *notes)
    plan = known.plan
    notes = (*notes, *_way_out(plan))
    return replace(made, workers=plan.workers, proxied=bool(plan.forward_proxy), no_proxy=plan.no_proxy, notes=notes)


def _way_out(plan: Plan) -> Iterator[Note]:
    """What is different about the way to providers here."""
    if plan.forward_proxy:
        said = messages.text("exports.proxy", proxy=plan.forward_proxy)
        yield Note(said, messages.text("exports.proxy_hint"))
    if plan.ca_file:
        said = messages.text("exports.authorities", path=plan.ca_file)
        yield Note(said, messages.text("exports.authorities_hint"))


def source(text: str, secrets: Mapping[str, str]) -> Source:
    """A configuration's text made ready. `secrets`: NAME -> value, to know them again where they stand in clear."""
    clean, new = sealing.sealed(rows.read(text, messages.text("exports.configuration")), secrets)
    return _made(clean, secrets, new)


def _made(clean: rows.Rows, secrets: Mapping[str, str], new: Mapping[str, str]) -> Source:
    """`new`: secrets that stood in clear. Raises QuickstartError for one in a place where no reference can be."""
    document = _keys_by_owner(deck_file.document(clean))
    leaked = {name for name, value in {**secrets, **new}.items() if _stands_in(document, value)}
    if leaked:
        raise QuickstartError(
            messages.text("exports.leak", names=", ".join(sorted(leaked))), messages.text("exports.leak_hint")
        )
    told = sorted(name for name in new if name in uses(document))
    notes = (Note(messages.text("exports.in_clear", names=", ".join(told))),) if told else ()
    return Source(document, uses(document), notes=notes)


def _keys_by_owner(document: dict[str, Any]) -> dict[str, Any]:
    """Consumers' keys under names that say whose they are, and stay when rows get other ids: ALICE_KEY."""
    taken: set[str] = set()
    for consumer in document.get("consumers", ()):
        owner = _NO_LETTER.sub("-", str(consumer.get("username") or consumer.get("custom_id"))).strip("-").lower()
        for kind, secret in CREDENTIALS.items():
            for credential in consumer.get(kind, ()):
                first = f"{owner or 'consumer'}-{secret.replace('_', '-')}"
                name = next(n for n in (first, *(f"{first}-{i}" for i in range(2, 10_000))) if n not in taken)
                taken.add(name)
                if credential.get(secret):
                    credential[secret] = f"{{vault://env/{name}}}"
    return document


def _stands_in(value: Any, secret: str) -> bool:
    """Whether a secret, or the key in it ("Bearer sk-..."), is part of any text."""
    key = secret.rsplit(" ", 1)[-1]
    return len(key) >= 6 and any(key in text for text in texts(value))


def texts(value: Any) -> Iterator[str]:
    """Every text in a document, keys of mappings left out."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def uses(document: Mapping[str, Any]) -> dict[str, str]:
    """NAME of each environment variable that references lead to -> the reference. Vaults with a prefix of their own
    are followed; references into other vaults than the environment are not ours to fill."""
    prefixes = {"env": ""}
    for vault in document.get("vaults", ()):
        if vault.get("name") == "env":
            prefixes[vault["prefix"]] = str((vault.get("config") or {}).get("prefix") or "")
    found: dict[str, str] = {}
    for text in texts(document):
        match = _REFERENCE.fullmatch(text)
        if match and match[1] in prefixes:
            found[(prefixes[match[1]] + match[2]).replace("-", "_").upper()] = text
    return dict(sorted(found.items()))


def variable_of(reference: str) -> str:
    """`{vault://env/openai-auth-header}` -> `OPENAI_AUTH_HEADER`; "" for what is no such reference."""
    match = _REFERENCE.fullmatch(reference)
    return match[2].replace("-", "_").upper() if match and match[1] == "env" else ""


def plugins(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every plugin row, and where it is: `plugins[0]`, `services[1].routes[0].plugins[2]`."""

    def below(kind: str, rows: Any, place: str) -> Iterator[tuple[dict[str, Any], str]]:
        for number, row in enumerate(rows):
            at = f"{place}{kind}[{number}]"
            if kind == "plugins":
                yield row, at
            for child, inner in row.items():
                if child in ("plugins", "routes", "consumers"):
                    yield from below(child, inner, f"{at}.")

    for kind in ("services", "routes", "consumers", "plugins"):
        yield from below(kind, document.get(kind, ()), "")


def without_consumer_keys(document: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """The document without consumers' keys, for readers that cannot be given them apart from the file; and a note that
    says whose they were."""
    owners: list[str] = []
    consumers = []
    for consumer in document.get("consumers", ()):
        if any(consumer.get(kind) for kind in CREDENTIALS):
            owners.append(str(consumer.get("username") or consumer.get("custom_id")))
        consumers.append({name: value for name, value in consumer.items() if name not in CREDENTIALS})
    kept = document | {"consumers": consumers} if consumers else document
    if not owners:
        return kept, []
    told = messages.text("exports.no_consumer_keys", names=", ".join(owners))
    return kept, [Note(told, messages.text("exports.no_consumer_keys_hint"))]
