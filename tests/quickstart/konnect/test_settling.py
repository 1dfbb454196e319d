from __future__ import annotations

from pathlib import Path

import pytest
from support.konnect_mock.server import TOKEN, KonnectMock
from support.konnect_parts import Office

from quickstart.answers import Answers
from quickstart.errors import KonnectError, UsageError
from quickstart.konnect import seeing, settling
from quickstart.konnect.account import Asked, Seen
from quickstart.sources import Sources


def settle(office: Office, environment: dict[str, str], **more: object) -> Answers:
    def see(token: str, asked: Asked) -> Seen:
        return seeing.see(token, asked, office.environment, office.places, office.open)

    sources = Sources(more.get("flags") or {}, environment, None, more.get("secrets") or {})  # type: ignore[arg-type]
    return settling.settle(sources, Answers(control_plane="konnect"), see)


def test_the_token_of_the_environment_settles_the_region(office: Office) -> None:
    found = settle(office, {"KONNECT_TOKEN": f"  {TOKEN}\n"})
    assert found.konnect_region == "eu" and found.secrets == {"KONNECT_TOKEN": TOKEN}
    assert TOKEN not in repr(found)


def test_a_kept_token_and_one_in_a_file(office: Office, tmp_path: Path) -> None:
    assert settle(office, {}, secrets={"KONNECT_TOKEN": TOKEN}).konnect_region == "eu"
    (tmp_path / "token").write_text(TOKEN)
    flags = {"key_file": [f"konnect={tmp_path / 'token'}"]}
    assert settle(office, {"KONNECT_TOKEN": "kpat_other"}, flags=flags).secrets == {"KONNECT_TOKEN": TOKEN}


def test_without_one_nobody_is_asked(mock: KonnectMock, office: Office) -> None:
    with pytest.raises(KonnectError):
        settle(office, {"KONNECT_TOKEN": " "})
    with pytest.raises(UsageError) as refused:
        settle(office, {"KONNECT_TOKEN": "kpat_one two"})
    assert "kpat_one" not in refused.value.message and not mock.asked
