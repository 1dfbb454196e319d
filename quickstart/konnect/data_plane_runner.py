"""Kong's own data plane as a container: runtime.Runner for the runtime "konnect". What it is started with comes from
the journal, the certificate and the secrets file, so that it starts again without asking Konnect.

Not for: what the container is like (data_plane.py), Konnect's side (provisioning.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quickstart import messages, secret_file
from quickstart.container_spec import Engine, instance
from quickstart.containers import DockerRunner
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem
from quickstart.files import Places
from quickstart.konnect import certificate, data_plane, journal
from quickstart.plan import Plan
from quickstart.runtime import Progress


class DataPlaneRunner(DockerRunner):
    def __init__(self, places: Places, environ: Mapping[str, str]) -> None:
        super().__init__(places, environ)
        self.name = data_plane.container_name(places)
        self.label = f"{data_plane.LABEL}={instance(places)}"

    def prepare(self, plan: Plan, progress: Progress) -> str:
        """Fetches the official image where it is not here yet."""
        assert plan.konnect is not None
        self.pull(plan.konnect.image, progress)
        return plan.konnect.image

    def options(self, deployment: Deployment, engine: Engine) -> dict[str, Any]:
        plan = deployment.plan
        entry = journal.load(self._places).entry(plan.konnect) if plan.konnect is not None else None
        pair = certificate.load(self._places.konnect)
        if entry is None or not entry.configuration or pair is None:
            raise EnvironmentProblem(
                messages.text("konnect.not_provisioned"), messages.text("konnect.not_provisioned_hint")
            )
        stored, _ = secret_file.read(self._places.secrets)
        keys = data_plane.secrets_of(plan, stored)
        return data_plane.options(plan, self._places, deployment.image, entry, pair, keys, engine)

    def fits(self, deployment: Deployment) -> bool:
        """Whether the container that is there was made as it would be made now: image, certificate, hosts, keys."""
        found = self.environment()
        if found is None or self.image() != deployment.image:
            return False
        wanted: dict[str, str] = self.options(deployment, self.engine())["environment"]
        return all(found.get(name) == value for name, value in wanted.items())

    def refresh(self, deployment: Deployment) -> None:
        """Nothing is mounted."""

    def tidy(self, deployment: Deployment) -> None:
        """The official image is not ours to remove."""

    def _images(self) -> list[Any]:
        return []
