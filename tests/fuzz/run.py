"""Tries a great many inputs on everything that reads what strangers send: `make fuzz`.

    PYTHONPATH=gateway_image:tests python tests/fuzz/run.py [--inputs N] [--seed N] [--keep] [TARGET...]

N inputs are shared out among the targets by how fast each is; a line a minute tells how far it is. Ends with 1 when an
input came out wrong; it is kept in corpus/TARGET then, and tried first from then on. With --keep inputs that came out
in a new way are kept too.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from support.fuzz_targets import FUZZED
from support.fuzzing import Fuzzer, keep, load

CORPUS = Path(__file__).parent / "corpus"
ROUND = 500
MOST = 40
"""Inputs of a corpus that --keep fills up to; those that came out wrong are kept beyond that."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--inputs", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--keep", action="store_true")
    arguments.add_argument("targets", nargs="*", choices=[[], *FUZZED])
    given = arguments.parse_args()
    wrong = total = 0
    print(f"seed {given.seed}", flush=True)
    fuzzers = {
        name: Fuzzer(fuzzed.make(), load(CORPUS / name) + fuzzed.seeds, fuzzed.words, given.seed)
        for name, fuzzed in FUZZED.items()
        if not given.targets or name in given.targets
    }
    for fuzzer in fuzzers.values():
        fuzzer.tried = 0
    spent = dict.fromkeys(fuzzers, 0.0)
    told_at = time.monotonic()
    while fuzzers and total < given.inputs:
        name = min(fuzzers, key=lambda each: spent[each])  # the same time for each
        started = time.perf_counter()
        found = fuzzers[name].run(ROUND)
        spent[name] += time.perf_counter() - started
        total += ROUND
        if time.monotonic() - told_at >= 60:
            told_at = time.monotonic()
            print(f"  {total} inputs, {sum(len(one.outcomes) for one in fuzzers.values())} outcomes", flush=True)
        if found is not None:
            wrong += 1
            keep(CORPUS / name, [found.data])
            print(f"{name}: {type(found.error).__name__}: {found.error}\n  {found.data!r}", flush=True)
            told(name, fuzzers.pop(name), spent[name], given.keep)
    for name, fuzzer in fuzzers.items():
        told(name, fuzzer, spent[name], given.keep)
    print(f"{total} inputs in all, {wrong} targets with a wrong outcome")
    return 1 if wrong else 0


def told(name: str, fuzzer: Fuzzer, seconds: float, keeping: bool) -> None:
    kept = load(CORPUS / name)
    new = keep(CORPUS / name, fuzzer.corpus[: max(0, MOST - len(kept))]) if keeping else 0
    rate = fuzzer.tried / seconds if seconds else 0.0
    print(f"{name:9} {fuzzer.tried:9} inputs  {rate:7.0f}/s  {len(fuzzer.outcomes):4} outcomes  {new} kept", flush=True)


if __name__ == "__main__":
    sys.exit(main())
