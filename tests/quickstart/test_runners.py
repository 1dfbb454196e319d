"""Each runtime has its runner, and choosing a process does not cost the import of the Docker SDK."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.house import ROOT
from support.setups import places_in

from quickstart.containers import DockerRunner
from quickstart.processes import ProcessRunner
from quickstart.runners import runner_of


def test_each_runtime_has_its_runner(tmp_path: Path) -> None:
    assert isinstance(runner_of("docker", places_in(tmp_path), {}), DockerRunner)
    assert isinstance(runner_of("process", places_in(tmp_path), {}), ProcessRunner)


def test_a_process_does_not_wait_for_the_sdk() -> None:
    script = (
        "import sys; from pathlib import Path; from quickstart.files import Places\n"
        "from quickstart.runners import runner_of\n"
        "runner_of('process', Places(*[Path('/x')] * 4), {}).status()\n"
        "sys.exit('docker' in sys.modules)"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "gateway_image")])
    assert subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": path}).returncode == 0
