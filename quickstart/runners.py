"""Which way to run the gateway goes with a runtime's name. Not for: what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quickstart.files import Places
from quickstart.plan import Runtime
from quickstart.runtime import Runner

Runners = Callable[[Runtime, Places, Mapping[str, str]], Runner]
"""runner_of, or what a test has in its place."""


def runner_of(runtime: Runtime, places: Places, environ: Mapping[str, str]) -> Runner:
    if runtime == "konnect":
        from quickstart.konnect.data_plane_runner import DataPlaneRunner

        return DataPlaneRunner(places, environ)
    if runtime == "docker":
        from quickstart.containers import DockerRunner  # the SDK takes longer to import than a process to start

        return DockerRunner(places, environ)
    from quickstart.processes import ProcessRunner

    return ProcessRunner(places, environ)
