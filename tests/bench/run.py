"""`make bench`: everything that is measured about speed, as lines of Markdown with their targets and whether they hold.

    PYTHONPATH=gateway_image:tests python tests/bench/run.py [--seconds S] [--rounds N] [--rows WORD,...] [--write FILE]
    PYTHONPATH=gateway_image:tests python tests/bench/run.py --peers [--seconds S] [--rounds N] [--write FILE]

Ends with 0 either way: judging is for people. Not for: what is measured (costs.py, figures.py, scaling.py, peers.py).
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import sys
from pathlib import Path

from bench import costs, figures, peers
from bench.measuring import missing
from support.sdk_environments import Unavailable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=2, help="of load per system and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default="", help="only rows whose titles have one of these words")
    parser.add_argument(
        "--requests", type=int, default=figures.MILLION, help="that the worker's memory is held against"
    )
    parser.add_argument("--write", type=Path, help="append the table to this file")
    parser.add_argument("--peers", action="store_true", help="beside LiteLLM and Portkey instead of nginx alone")
    given = parser.parse_args()
    if why := missing():
        sys.exit(f"Nothing can be measured: {why}")
    words = [word for word in given.rows.split(",") if word]
    lines = [f"Python {platform.python_version()}, {os.cpu_count()} cores, {given.rounds} rounds of {given.seconds} s"]
    print(lines[0], "", sep="\n", flush=True)
    told = costs.table(given.rounds, given.seconds, words)
    if given.peers:
        told = peers.table(given.rounds, given.seconds)
    elif not words:
        told = itertools.chain(told, figures.lines(given.rounds, given.requests))
    try:
        for line in told:
            lines.append(line)
            print(line, flush=True)
    except Unavailable as error:
        sys.exit(f"Nothing can be measured: {error}")
    if given.write:
        with given.write.open("a") as out:
            out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
