"""What a process of the gateway asks of the kernel: as many descriptors as it may have, no picture of its memory on the
disk, and no end by signals that mean something else to others. Not for: signals that mean something (process.py).
"""

from __future__ import annotations

import contextlib
import resource
import signal

MOST_DESCRIPTORS = 1 << 20
"""More are not asked for: some kernels keep a table of as many as there may be."""


def set_limits() -> int:
    """For this process and those it starts. How many descriptors it may have now.

    Shells allow 1,024 descriptors where the kernel would give many more, and a proxied stream takes two. A core file
    would hold the keys that are in memory.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):  # macOS gives less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def ignore_signals() -> None:
    """Those that would end a process which does not know them. nginx opens its logs again at SIGUSR1 and replaces its
    program at SIGUSR2: who sends them from habit, or by logrotate's recipe for nginx, ends nothing. The logs need no
    signal, they follow a file that is moved away."""
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
