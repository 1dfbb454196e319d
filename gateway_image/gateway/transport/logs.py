"""Where the gateway's own messages go: standard error, one line each. Not for: the access log (runtime.py)."""

from __future__ import annotations

import logging
import sys

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "crit": logging.CRITICAL,
    "alert": logging.CRITICAL,
    "emerg": logging.CRITICAL,
}


def start_logging(level: str) -> None:
    """`level` is one of Kong's words for KONG_LOG_LEVEL."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s [%(levelname)s] %(message)s", "%Y/%m/%d %H:%M:%S"))
    log = logging.getLogger("gateway")
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(_LEVELS.get(level, logging.INFO))
