"""`ai-gateway export compose`: the gateway as a Compose project, one file, or a folder that builds its image too.

Keys are a file of NAME='value' lines that Compose mounts as a secret; it is named, never copied. Not for: several nodes
(kubernetes.py).
"""

from __future__ import annotations

import os
from typing import Any

from quickstart import image, messages
from quickstart.container_spec import UNPRIVILEGED
from quickstart.endpoints import BRIDGE_HOST
from quickstart.exports._addresses import from_a_container, local_addresses
from quickstart.exports._bundle import Bundle, Note, Wish
from quickstart.exports._gateway import (
    CONFIGURATION,
    DRAIN_SECONDS,
    KEYS,
    PORTS,
    configuration,
    image_of,
    keys_of,
    settings,
)
from quickstart.exports._source import Source
from quickstart.exports._yaml import dump

TITLE = "a Docker Compose project"
FILE, SETTINGS, CONTEXT = "compose.yaml", "kong.yml", "gateway"
HEAD = (
    "The AI gateway as a Compose project. Start it: docker compose up --detach --wait\n"
    "Keys are read from the file that AI_GATEWAY_SECRETS names, by the user that AI_GATEWAY_USER names.\n"
)


def export(source: Source, wish: Wish) -> Bundle:
    here = local_addresses(source.document)
    text, needed, notes = configuration(from_a_container(source.document))
    needed = keys_of(source, needed)
    if here:
        notes.append(
            Note(
                messages.text("exports.compose_local", servers=", ".join(here)),
                messages.text("exports.compose_local_hint"),
            )
        )
    user = _owner()[0]
    if needed:
        hint = messages.text("exports.compose_keys_hint", owner=user)
        notes.append(Note(messages.text("exports.compose_keys", names=", ".join(needed)), hint))
    # Compose puts variables in where `$` stands; in the configuration it stands for itself.
    project = _project(source, wish, keys=bool(needed), local=bool(here))
    alone = {**project, "configs": {"kong": {"content": text.replace("$", "$$")}}}
    folder = {**project, "configs": {"kong": {"file": f"./{SETTINGS}"}}}
    if not wish.image:
        folder["services"] = {"gateway": {**project["services"]["gateway"], "build": {"context": f"./{CONTEXT}"}}}
    files: dict[str, str | bytes] = {FILE: dump(folder, head=HEAD), SETTINGS: text}
    if not wish.image:
        files |= {f"{CONTEXT}/{path}": content for path, content in image.content().items()}
        notes.append(Note(messages.text("exports.compose_image", image=image_of(wish))))
    return Bundle(dump(alone, head=HEAD), files, tuple(notes))


def _owner() -> tuple[int, int]:
    """Who the gateway is in the container: whoever can read the person's file of keys, but never root."""
    user = os.geteuid()
    return (user, os.getegid()) if user else (UNPRIVILEGED, UNPRIVILEGED)


def _project(source: Source, wish: Wish, keys: bool, local: bool) -> dict[str, Any]:
    """The project without its configuration. `keys`: it needs a file of keys; `local`: it calls this machine."""
    user, group = _owner()
    gateway: dict[str, Any] = {
        "image": image_of(wish),
        "user": f"${{AI_GATEWAY_USER:-{user}:{group}}}",
        "environment": settings(source, KEYS if keys else ""),
        "ports": [f"${{AI_GATEWAY_BIND:-127.0.0.1}}:${{AI_GATEWAY_PROXY_PORT:-8000}}:{PORTS['proxy']}"],
        "configs": [{"source": "kong", "target": CONFIGURATION}],
        "read_only": True,
        "tmpfs": ["/tmp:size=64m,mode=1777"],  # noqa: S108 - the container's own
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "stop_grace_period": f"{DRAIN_SECONDS + 30}s",
        "restart": "unless-stopped",
    }
    project: dict[str, Any] = {"name": "ai-gateway", "services": {"gateway": gateway}}
    if keys:
        gateway["secrets"] = [{"source": "keys", "target": KEYS}]
        project["secrets"] = {"keys": {"file": "${AI_GATEWAY_SECRETS:-./secrets.env}"}}
    if local:
        gateway["extra_hosts"] = [f"{BRIDGE_HOST}:host-gateway"]
    return project
