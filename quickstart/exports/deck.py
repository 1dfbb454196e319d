"""`ai-gateway export deck`: a decK file that `deck gateway sync` and a DB-less Kong load as it is.

Not for: what a Kong version lacks (_kong_versions.py).
"""

from __future__ import annotations

from typing import Any

from quickstart import messages
from quickstart.exports._bundle import Bundle, Note, Wish
from quickstart.exports._kong_versions import NEWEST, fitted
from quickstart.exports._source import CREDENTIALS, Source, uses, variable_of
from quickstart.exports._yaml import dump

TITLE = "a decK file for Kong Gateway 3.x and Konnect"
HEAD = (
    "The AI gateway's configuration in decK's format. {{vault://env/NAME}} is NAME in the environment of Kong.\n"
    "For {}.\n"
)


def export(source: Source, wish: Wish) -> Bundle:
    target = wish.target or NEWEST
    document, notes = fitted(source.document, target)
    document, asked = _keys_from_environment(document)
    if asked:
        notes.append(Note(messages.text("exports.deck_keys", names=", ".join(asked))))
    needed = [name for name in uses(document) if name]
    if needed:
        notes.append(Note(messages.text("exports.kong_environment", names=", ".join(needed))))
    return Bundle(dump(document, head=HEAD.format(target)), notes=tuple(notes))


def _keys_from_environment(document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Consumers' keys by decK's own substitution: Kong takes them only in clear. And the variables' names."""
    asked: list[str] = []

    def written(key: str) -> str:
        name = variable_of(key)
        if not name:
            return key
        asked.append(f"DECK_{name}")
        return f'${{{{ env "DECK_{name}" }}}}'

    if not document.get("consumers"):
        return document, asked
    consumers = []
    for consumer in document["consumers"]:
        out = dict(consumer)
        for kind in CREDENTIALS.keys() & consumer.keys():
            secret = CREDENTIALS[kind]
            # ids may follow from the key, which is not said here
            said = {"algorithm": "HS256"} if kind == "jwt_secrets" else {}  # decK asks for what Kong has a default for
            out[kind] = [
                said
                | {name: written(value) if name == secret else value for name, value in one.items() if name != "id"}
                for one in consumer[kind]
            ]
        consumers.append(out)
    return {**document, "consumers": consumers}, asked
