"""Limits on bodies, read from the configuration that the gateway starts with."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.patients import a_patient, codes, nobody

from quickstart.doctor import limits


def configured(folder: Path, plugin: str) -> list[tuple[str, str]]:
    patient = a_patient(folder)
    patient.places.configuration.parent.mkdir(parents=True, exist_ok=True)
    patient.places.configuration.write_text(
        f"services:\n- name: s\n  routes:\n  - name: r\n    plugins:\n    - {plugin}\n"
    )
    return codes(limits.check(patient))


@pytest.mark.parametrize(
    ("plugin", "expected"),
    [
        ("{name: ai-proxy, config: {max_request_body_size: 8388608}}", [("ok", "limits_ok")]),
        ("{name: ai-proxy, config: {max_request_body_size: 8192}}", [("warn", "limit_small")]),
        ("{name: ai-proxy, config: {}}", [("warn", "limit_small")]),
        ("{name: ai-proxy, config: {max_request_body_size: 0}}", []),
        ("{name: request-size-limiting, config: {allowed_payload_size: 128}}", [("ok", "limits_ok")]),
        (
            "{name: request-size-limiting, config: {allowed_payload_size: 64, size_unit: kilobytes}}",
            [("warn", "limit_small")],
        ),
        ("{name: key-auth}", []),
    ],
)
def test_the_smallest_limit_counts(tmp_path: Path, plugin: str, expected: list[tuple[str, str]]) -> None:
    assert configured(tmp_path, plugin) == expected


def test_a_configuration_that_cannot_be_read_is_somebody_elses_matter(tmp_path: Path) -> None:
    assert list(limits.check(a_patient(tmp_path))) == []
    assert list(limits.check(nobody(tmp_path))) == []
