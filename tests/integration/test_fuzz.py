"""A short form of `make fuzz`: the corpora, and some thousand new inputs for each target. FUZZ_INPUTS asks for more."""

from __future__ import annotations

import os

import pytest
from support.fuzz_targets import FUZZED
from support.fuzzing import Fuzzer, load
from support.house import ROOT

INPUTS = int(os.environ.get("FUZZ_INPUTS", "1500"))
CORPUS = ROOT / "tests" / "fuzz" / "corpus"


@pytest.mark.parametrize("name", list(FUZZED))
def test_no_input_comes_out_wrong(name: str) -> None:
    fuzzed = FUZZED[name]
    fuzzer = Fuzzer(fuzzed.make(), load(CORPUS / name) + fuzzed.seeds, fuzzed.words, seed=7)
    found = fuzzer.run(INPUTS)
    assert found is None, f"{found.data!r}: {found.error!r}"
    assert fuzzer.tried > INPUTS


def test_the_fuzzer_finds_what_is_wrong_and_makes_it_small() -> None:
    def target(data: bytes) -> str:
        assert b"ab" not in data
        return str(len(data) % 3)

    found = Fuzzer(target, [b"xxxxaxxxx"], [b"b"], seed=1).run(100_000)
    assert found is not None and found.data == b"ab"


def test_every_target_has_a_corpus() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(FUZZED)
