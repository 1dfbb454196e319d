"""`ai-gateway doctor [ROUTE]`: everything between a program and a model looked at in order, each thing that is wrong
with its remedy; `--bundle` makes an archive for a report.

Not for: the checks (doctor/), sending real requests (check.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from quickstart import layout, messages
from quickstart.commands._invocation import JSON, PLAIN, open_console, route_words, user_places
from quickstart.console import Console
from quickstart.doctor import bundle
from quickstart.doctor.examination import examine
from quickstart.doctor.finding import Finding
from quickstart.doctor.patient import admit

text = messages.text


@click.command("doctor")
@click.argument("route", default="", shell_complete=route_words)
@JSON
@PLAIN
@click.option("--bundle", "bundled", is_flag=True, help="Write an archive for a report, without keys.")
@click.pass_context
def command(context: click.Context, route: str, as_json: bool, plain: bool, bundled: bool) -> None:
    """Look for what is wrong, in order, with one remedy each. Exits with 1 when something is in the way."""
    console = open_console("doctor", as_json, plain)
    environment = dict(os.environ)
    patient = admit(user_places(), environment, route)
    findings: list[Finding] = []
    said = ""
    for finding in _patiently(console, examine(patient)):
        if finding.check != said:
            _heading(console, finding.check, not said)
            said = finding.check
        findings.append(finding)
        _show(console, finding)
    document: dict[str, Any] = {"findings": [finding.as_document() for finding in findings], **_counts(findings)}
    if bundled:
        now = datetime.now(UTC)
        path = bundle.write(patient, findings, now)
        document["bundle"] = str(path)
        console.answer(["", text("doctor.bundle", path=path)])
    _end(console, findings)
    console.result(document)
    if _counts(findings)["bad"]:
        context.exit(1)


def _patiently(console: Console, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Each finding as it comes, and a word to the person while one takes its time."""
    while True:
        with console.waiting(text("doctor.looking")):
            finding = next(findings, None)
        if finding is None:
            return
        yield finding


def _heading(console: Console, check: str, first: bool) -> None:
    title = text(f"doctor.{check.replace(' ', '_').replace('.', '_')}")
    console.answer([title] if first else ["", title])


def _show(console: Console, finding: Finding) -> None:
    """One finding on standard output: it is the result."""
    glyphs = console.glyphs
    mark = {"ok": glyphs.ok, "warn": glyphs.warn, "bad": glyphs.bad, "note": "-"}[finding.mark]
    message = f"{finding.subject}: {finding.message}" if finding.subject else finding.message
    first, *rest = layout.wrap(message, console.width - len(mark) - 3)
    lines = [f"  {mark} {first}", *(f"    {line}" for line in rest)]
    for remedy in finding.remedy.splitlines():
        lines += layout.wrap(remedy, console.width, "    ")
    console.answer(lines)


def _counts(findings: list[Finding]) -> dict[str, int]:
    return {mark: sum(finding.mark == mark for finding in findings) for mark in ("ok", "note", "warn", "bad")}


def _end(console: Console, findings: list[Finding]) -> None:
    first = next((finding for finding in findings if finding.mark == "bad"), None)
    if first is None:
        console.answer(["", text("doctor.well")])
        return
    console.answer(["", text("doctor.ill", count=_counts(findings)["bad"])])
    # the most useful line comes last
    console.answer([f"  {line}" for line in first.remedy.splitlines()[:1]])
