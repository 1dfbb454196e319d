"""Starting waits until the gateway serves, and tells why when it does not."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.launched import Launched

from quickstart import health
from quickstart.deployment import Deployment
from quickstart.errors import EnvironmentProblem, PortTaken
from quickstart.files import write_atomically
from quickstart.starting import require_ports, start_and_wait


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Launched]:
    with Launched(tmp_path) as made:
        made.apply(test=False)
        made.runner.stop()
        yield made


def test_it_serves_when_it_returns(home: Launched) -> None:
    start_and_wait(home.runner, Deployment(home.plan))
    assert health.is_ready(home.plan) and home.ask().status == 200


def test_a_taken_port_is_found_before_anything_is_started(home: Launched) -> None:
    with socket.create_server(("127.0.0.1", home.plan.ports["manager"])):
        with pytest.raises(PortTaken, match=f"manager.*pid {os.getpid()}") as caught:
            start_and_wait(home.runner, Deployment(home.plan))
        assert "--manager-port" in caught.value.hint
    assert not home.runner.status().running
    require_ports(home.plan)


def test_the_last_words_of_one_that_ended_are_told(home: Launched) -> None:
    write_atomically(home.places.configuration, "services: [{name: x, host: 5}]\n_format_version: '3.0'\n")
    with pytest.raises(EnvironmentProblem, match="did not start: it ended with exit code 1") as caught:
        start_and_wait(home.runner, Deployment(home.plan))
    assert "host" in caught.value.hint
