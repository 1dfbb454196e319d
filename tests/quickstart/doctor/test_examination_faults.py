"""Every row of the fault table made for real: setup and doctor name it, and doctor names nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import fault_table, faults_keys, faults_machine, faults_namespace, faults_network, faults_servers
from support.fault_bed import KEY, Bed
from support.fault_table import Row, pattern
from support.faults import MAKERS
from support.golden import check_golden

from quickstart import keycheck

ROWS = fault_table.rows()
MODULES = (faults_keys, faults_machine, faults_namespace, faults_network, faults_servers)
MARKS = {"": (), "root": (pytest.mark.netns,), "docker": (pytest.mark.docker,)}
ALSO_ROOT = {"reach_firewall"}
PATIENCE = 0.6
ASKS_A_RESOLVER = ("dns", "proxy_name")
"""This machine's own, which may take its time to say that there is no such name."""


def marked(row: Row) -> object:
    marks = [*MARKS[row.needs], *([pytest.mark.netns] if row.id in ALSO_ROOT else [])]
    return pytest.param(row, id=row.id, marks=marks)


@pytest.mark.parametrize("row", [marked(row) for row in ROWS])
def test_setup_and_doctor_name_the_fault(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keycheck, "TIMEOUT", 5.0 if row.doctor in ASKS_A_RESOLVER else PATIENCE)
    with Bed(tmp_path) as bed, MAKERS[row.id](bed):
        first = bed.plan is not None  # then the fault came after a good setup, and setup might put it right
        findings = bed.doctor() if first else []
        said = bed.setup() if row.setup or row.mended or not first else ""
        if not first:
            findings = bed.doctor()
        if row.mended:
            assert row.doctor not in {finding.code for finding in bed.doctor()}, said
    if row.setup:
        assert pattern(row.setup).search(said), said
    codes = {finding.code: finding for finding in findings}
    assert row.doctor in codes, [(finding.mark, finding.code, finding.message) for finding in findings]
    named = codes[row.doctor]
    assert pattern(row.doctor).search(named.message) and named.mark != "ok"
    assert named.remedy, "a fault without a remedy"
    wrong = {finding.code for finding in findings if finding.mark == "bad"} - {"gateway_stopped", row.doctor}
    assert not wrong, "doctor also said what is not so"
    assert KEY not in said + "".join(finding.message + finding.remedy for finding in findings)


def test_every_row_has_its_maker_and_no_maker_is_left_over() -> None:
    assert sorted(MAKERS) == sorted(row.id for row in ROWS)
    assert len(ROWS) >= 40 and all(module.__doc__ for module in MODULES)


def test_every_row_says_what_setup_does() -> None:
    for row in ROWS:
        assert bool(row.setup) != bool(row.put_right), row.id


def test_the_page_is_what_the_table_says() -> None:
    check_golden(fault_table.PAGE, fault_table.page())
