"""What a process may have, and which signals do not end it: asked of a process of its own, because it stays so."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest
from support.house import ROOT

ASK = """
import os, resource, signal, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}))
from gateway.transport.kernel import ignore_signals, set_limits
ignore_signals()
for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
    os.kill(os.getpid(), number)
print(set_limits(), *resource.getrlimit(resource.RLIMIT_NOFILE), *resource.getrlimit(resource.RLIMIT_CORE))
"""


@pytest.mark.parametrize("hard", [64, 200])
def test_it_takes_what_it_may_have_and_leaves_no_core(hard: int) -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= hard
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(hard=hard)], cwd=ROOT / "gateway_image", capture_output=True, text=True
    )
    assert done.stdout.split() == [str(hard)] * 3 + ["0", "0"], done.stderr
