"""The commands of the gateway: start, check FILE, health, reference. Not for: doing any of it.

Exit codes: 0 fine, 1 it could not be done (the reason is on standard error), 2 the command line is wrong.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from gateway.errors import GatewayError
from gateway.settings import Settings

USAGE = """usage: python -m gateway COMMAND

  start       run the gateway as KONG_* environment variables say
  check FILE  validate a declarative configuration, secrets and patterns included
  health      ask the running gateway whether it is ready
  reference   print the reference of settings, entities and plugins
"""


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code."""
    match arguments:
        case ["start"]:
            return _start()
        case ["check", path]:
            return _check(Path(path))
        case ["health"]:
            return _health()
        case ["reference"]:
            return _reference()
        case ["worker", descriptor]:
            from gateway.transport.worker import run_worker

            return run_worker(int(descriptor))
        case ["-h" | "--help" | "help"]:
            sys.stdout.write(USAGE)
            return 0
    sys.stderr.write(USAGE)
    return 2


def _start() -> int:
    from gateway.transport.handlers import handlers
    from gateway.transport.logs import start_logging
    from gateway.transport.process import Control

    async def live(settings: Settings) -> None:
        await Control(settings, handlers).run()

    try:
        settings = Settings.from_env(os.environ)
        start_logging(settings.log_level)
        uvloop.run(live(settings))
    except GatewayError as error:
        sys.stderr.write(f"gateway: cannot start: {error}\n")
        return 1
    return 0


def _check(path: Path) -> int:
    from gateway.counters import Counters
    from gateway.entities import Config
    from gateway.transport.compiling import compile_snapshot

    try:
        settings = Settings.from_env(os.environ)
        config = Config.load(path.read_text("utf-8"), deck=True)
        compile_snapshot(config, settings, {"counters": Counters.create(shared=False)})
    except OSError as problem:
        sys.stderr.write(f"{path}: cannot be read: {problem.strerror}\n")
        return 1
    except UnicodeDecodeError as problem:
        sys.stderr.write(f"{path}: is not UTF-8 text (byte {problem.start})\n")
        return 1
    except GatewayError as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 1
    counts = (f"{len(config.collections[kind])} {kind}" for kind in ("services", "routes", "plugins"))
    sys.stdout.write(f"{path}: ok, {', '.join(counts)}\n")
    return 0


def _health() -> int:
    from gateway.transport.asking import ask_ready

    try:
        settings = Settings.from_env(os.environ)
        ready, text = asyncio.run(ask_ready(settings))
    except GatewayError as error:
        ready, text = False, str(error)
    (sys.stdout if ready else sys.stderr).write(f"{text}\n")
    return 0 if ready else 1


def _reference() -> int:
    from gateway.admin.describe import reference

    sys.stdout.write(reference())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
