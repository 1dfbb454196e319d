"""A person who sets the gateway up with Konnect: the mock, its cluster, the stand-in data plane, a fresh home.

Not for: judging anything.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support import docker_engine
from support.konnect_mock.cluster import Cluster
from support.konnect_mock.image import stand_in
from support.konnect_mock.server import TOKEN, KonnectMock
from support.providers_mock import OpenAI
from support.user import User

from quickstart.container_spec import instance
from quickstart.files import Places
from quickstart.konnect.data_plane import LABEL

KEY = "sk-canary0KeyThatNoKonnectMaySee8g4A"


@dataclass
class KonnectPerson:
    user: User
    mock: KonnectMock
    image: str
    openai: OpenAI

    @property
    def places(self) -> Places:
        return Places.from_environment(self.user.environment())

    @property
    def label(self) -> str:
        return f"label={LABEL}={instance(self.places)}"

    def containers(self) -> list[str]:
        return docker("ps", "--all", "--quiet", "--no-trunc", "--filter", self.label).split()


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60).stdout


@contextmanager
def konnect_person(folder: Path, product: str = "gateway") -> Iterator[KonnectPerson]:
    bridge = docker_engine.bridge_address()
    with KonnectMock() as mock, Cluster(mock.state, bridge), OpenAI(KEY, bridge) as openai:
        user = User(folder / "home", installed=False)
        tag = f"stand-in-{user.ports['PROXY']}"
        with stand_in(tag, product) as image:
            user.extra = {
                "AI_GATEWAY_KONNECT_URL": mock.address,
                "AI_GATEWAY_CONTROL_PLANE": "konnect",
                "AI_GATEWAY_KONNECT_IMAGE": image,
                "AI_GATEWAY_KONNECT_PRODUCT": product,
                "AI_GATEWAY_ENDPOINT": f"openai={openai.url}",
                "KONNECT_TOKEN": TOKEN,
                "OPENAI_API_KEY": KEY,
            }
            person = KonnectPerson(user, mock, image, openai)
            try:
                yield person
            finally:
                for container in person.containers():
                    docker("rm", "--force", "--volumes", container)
                user.leave()
