"""How our own gateway runs elsewhere: its image, its settings, what it needs beside its configuration. Compose and
Kubernetes share it. Not for: the container that setup itself runs (container_spec.py).
"""

from __future__ import annotations

from typing import Any

from gateway.settings.proxies import DIRECT, PROXY
from quickstart import __version__
from quickstart.exports._bundle import Note, Wish
from quickstart.exports._source import Source, uses, without_consumer_keys
from quickstart.exports._yaml import dump
from quickstart.runtime import NEWEST

CONFIGURATION = "/etc/ai-gateway/kong.yml"
DRAIN_SECONDS = 300
"""What a stream may still need when its node is told to stop; whoever stops it waits a little longer."""
KEYS = "/run/secrets/ai-gateway"
PORTS = {"proxy": 8000, "status": 8100}
"""In the container. Elsewhere than at home the Admin side stays shut: the configuration is the file."""
_SHUT = ("KONG_ADMIN_LISTEN", "KONG_ADMIN_GUI_LISTEN", "KONG_PORTAL_GUI_LISTEN", "KONG_PORTAL_API_LISTEN")
HEAD = "The AI gateway's configuration in decK's format. {vault://env/NAME} is NAME in the file of keys.\n"


def image_of(wish: Wish) -> str:
    return wish.image or f"ai-gateway:{__version__}"


def settings(source: Source, keys: str) -> dict[str, str]:
    """The gateway's environment. `keys`: its file of keys, "" when none is needed. Without KONG_PREFIX it keeps no
    state: every node starts from the file."""
    return {
        "KONG_DATABASE": "off",
        "KONG_DECLARATIVE_CONFIG": CONFIGURATION,
        **({"KONG_VAULT_ENV_FILE": keys} if keys else {}),
        "KONG_NGINX_WORKER_PROCESSES": str(source.workers),
        "KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT": f"{DRAIN_SECONDS}s",
        "KONG_COMPATIBLE_VERSION": NEWEST,
        **({DIRECT: source.no_proxy} if source.no_proxy else {}),
        **dict.fromkeys(_SHUT, "off"),
    }


def keys_of(source: Source, needed: list[str]) -> list[str]:
    """The names that its file of keys must hold: what the configuration refers to, and the way out."""
    return [*needed, *([PROXY] if source.proxied else [])]


def configuration(document: dict[str, Any]) -> tuple[str, list[str], list[Note]]:
    """kong.yml for our gateway, the names of the secrets it needs, and what it could not hold."""
    document, notes = without_consumer_keys(document)
    return dump(document, head=HEAD), list(uses(document)), notes
