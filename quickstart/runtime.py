"""What a way to run the gateway can do; processes.py and containers.py are the two. Not for: choosing one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from quickstart.deployment import Deployment
from quickstart.plan import Plan

Progress = Callable[[str], None]
NEWEST = "3.15"
"""The Kong whose words a gateway set up here uses: older ones hand on a provider's own finish reasons, for example."""
_SETTING = {
    "proxy": "KONG_PROXY_LISTEN",
    "admin": "KONG_ADMIN_LISTEN",
    "manager": "KONG_ADMIN_GUI_LISTEN",
    "portal": "KONG_PORTAL_GUI_LISTEN",
    "files": "KONG_PORTAL_API_LISTEN",
    "status": "KONG_STATUS_LISTEN",
}


@dataclass(frozen=True, slots=True)
class RunStatus:
    """What runs now. `crashed` says why it is not going to come up by itself; "" when it is well or simply stopped."""

    running: bool
    detail: str = ""  # "pid 4242", "container ai-gateway-1f2e"
    since: float | None = None  # seconds since the epoch
    restarts: int = 0  # after a crash, since it was started
    crashed: str = ""


class Runner(Protocol):
    def prepare(self, plan: Plan, progress: Progress) -> str:
        """Everything slow that changes nothing yet. Returns the image's tag, or what stands for it with a process."""

    def start(self, deployment: Deployment) -> None:
        """Starts it and returns; whether it is ready is asked on its status listener."""

    def stop(self) -> bool:
        """Stops it after the requests in flight; False when it did not run."""

    def discard(self) -> None:
        """Takes back what start() made. What prepare() made stays."""

    def status(self) -> RunStatus: ...

    def refresh(self, deployment: Deployment) -> None:
        """Hands the files over once more where the gateway reads copies of them; before a live update."""

    def logs(self, lines: int, follow: bool = False) -> Iterator[str]:
        """The last lines, without line ends; with `follow` also those to come."""

    def tidy(self, deployment: Deployment) -> None:
        """Removes what only earlier deployments needed; once this one runs."""

    def leftovers(self) -> list[str]:
        """What remove() would remove, in words."""

    def remove(self) -> None:
        """Stops it and removes everything of it but the user's files."""


def settings(
    plan: Plan, address: str, configuration: str, prefix: str, secrets: str, authorities: str = ""
) -> dict[str, str]:
    """The gateway's environment: where it listens, what it reads, whom it trusts beside what a machine does usually
    (`authorities`: that bundle's path there). Never a secret; those are in the file `secrets`, the proxy among them."""
    host = f"[{address}]" if ":" in address else address
    listening = {_SETTING[name]: f"{host}:{port}" for name, port in plan.ports.items()}
    return {
        **listening,
        "KONG_DATABASE": "off",
        "KONG_DECLARATIVE_CONFIG": configuration,
        "KONG_PREFIX": prefix,
        "KONG_VAULT_ENV_FILE": secrets,
        "KONG_NGINX_WORKER_PROCESSES": str(plan.workers),
        "KONG_COMPATIBLE_VERSION": NEWEST,
        **({"NO_PROXY": plan.no_proxy} if plan.no_proxy else {}),
        **({"SSL_CERT_FILE": authorities} if plan.ca_file else {}),
    }
