"""From a configuration to a Snapshot, the same way in every process. Not for: validation (entities), serving."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.rows import Rows
from gateway.settings import Settings
from gateway.snapshot import Snapshot
from gateway.transport.proxies import Proxies
from gateway.vault import Vault, read_secrets


def compile_snapshot(
    config: Rows,
    settings: Settings,
    resources: dict[str, Any],
    previous: Snapshot | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Snapshot:
    """Raises ConfigError."""
    with _collector_paused():
        return _compile(config, settings, resources, previous, environment)


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """What is made here stays, so there is nothing to collect, and among ten thousand routes looking takes longer than
    the compiling."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _compile(
    config: Rows,
    settings: Settings,
    resources: dict[str, Any],
    previous: Snapshot | None,
    environment: Mapping[str, str],
) -> Snapshot:
    resources["kong_version"] = settings.compatible_version
    vault = open_vault(config, settings, environment)
    return Snapshot.compile(config, vault, resources, hidden=settings.hidden, previous=previous)


def open_vault(config: Rows, settings: Settings, environment: Mapping[str, str] = os.environ) -> Vault:
    """The secrets file is read anew each time, so that a key can be rotated without a restart."""
    rows = config.collections.get("vaults", {}).values()
    return Vault(environment, settings.vault_env_file, settings.vault_env_prefix, rows)


def open_proxies(settings: Settings, environment: Mapping[str, str] = os.environ) -> Proxies:
    """The forward proxy as the secrets file, read anew, and the environment say it. Raises GatewayError."""
    secrets = read_secrets(settings.vault_env_file) if settings.vault_env_file is not None else {}
    return Proxies(environment, secrets)
