"""`ai-gateway` with a clock that stands still where durations are shown, so that two runs look the same. Everything
else is the real program. Not for: measuring anything.
"""

from __future__ import annotations

import functools
import itertools
import sys

from quickstart import cli, console, health


def main() -> int:
    quarters = itertools.count(0.0, 0.25)
    cli.Console = functools.partial(console.Console, clock=lambda: 0.0)  # type: ignore[misc,assignment]
    health.prove = functools.partial(health.prove, clock=lambda: next(quarters))  # type: ignore[assignment]
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
