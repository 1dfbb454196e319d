from __future__ import annotations

import pytest
from support.konnect_mock.problems import problem
from support.konnect_mock.server import TOKEN, Fault, KonnectMock
from support.konnect_parts import Office

from quickstart.errors import KonnectError
from quickstart.konnect import account
from quickstart.konnect.account import AUTO, Account
from quickstart.konnect.control_planes import ControlPlanes
from quickstart.konnect.refusals import Refused


def look_up(office: Office, region: str = AUTO, token: str = TOKEN) -> Account:
    find = ControlPlanes().find
    return account.look_up(token, "ai-gateway", region, office.environment, find, office.open)


def test_a_person_is_at_home_in_a_region(office: Office) -> None:
    found = look_up(office)
    assert (found.organization, found.region, found.sure) == ("Example Organization", "eu", True)


def test_a_system_account_has_no_home_so_nothing_is_sure(mock: KonnectMock, office: Office) -> None:
    mock.access.person = False
    found = look_up(office)
    assert (found.region, found.sure, found.usable) == ("us", False, ("us", "eu", "au", "me", "in", "sg"))
    mock.access.regions = ("in",)
    assert look_up(office)[1:4] == ("in", ("in",), True)


def test_the_region_that_has_the_control_plane_wins(mock: KonnectMock, office: Office) -> None:
    mock.state.create("gateway", "au", {"name": "ai-gateway"})
    found = look_up(office)
    assert found.region == "au" and found.home is not None and found.home.name == "ai-gateway"


def test_a_named_region_is_asked_alone(mock: KonnectMock, office: Office) -> None:
    assert look_up(office, "sg").region == "sg"
    assert [asked.path.split("/")[1] for asked in mock.asked] == ["global", "sg"]


@pytest.mark.parametrize("token", ["kpat_wrong", "spat_wrong"])
def test_a_wrong_token(office: Office, token: str) -> None:
    with pytest.raises(Refused) as refused:
        look_up(office, token=token)
    assert (refused.value.kind, refused.value.exit_code) == ("token", 6)
    assert "https://cloud.konghq.com/global/account/tokens" in refused.value.hint
    assert token not in refused.value.message + refused.value.hint


def test_an_expired_token(mock: KonnectMock, office: Office) -> None:
    mock.access.expired = True
    with pytest.raises(Refused, match="expired") as refused:
        look_up(office)
    assert refused.value.kind == "expired"


def test_the_wrong_region_names_the_right_one(mock: KonnectMock, office: Office) -> None:
    mock.access.regions = ("au",)
    with pytest.raises(Refused) as refused:
        look_up(office, "us")
    assert refused.value.kind == "region" and "--konnect-region au" in refused.value.hint
    assert "us (403)" in refused.value.message


def test_the_wrong_region_prefers_the_one_with_the_control_plane(mock: KonnectMock, office: Office) -> None:
    mock.access.regions = ("eu", "in")
    mock.state.create("gateway", "in", {"name": "ai-gateway"})
    with pytest.raises(Refused) as refused:
        look_up(office, "us")
    assert "--konnect-region in" in refused.value.hint


def test_a_token_that_may_do_nothing_anywhere(mock: KonnectMock, office: Office) -> None:
    mock.access.regions = ()
    with pytest.raises(Refused) as refused:
        look_up(office)
    assert refused.value.kind == "permission"


def test_one_region_being_down_does_not_stop_the_others(mock: KonnectMock, office: Office) -> None:
    mock.faults = [Fault(problem(503, "maintenance"), path="/us/")]
    assert look_up(office).usable == ("eu", "au", "me", "in", "sg")


def test_the_named_region_being_down_is_told(mock: KonnectMock, office: Office) -> None:
    mock.faults = [Fault(problem(503, "maintenance"), path="/us/")]
    with pytest.raises(Refused) as refused:
        look_up(office, "us")
    assert refused.value.kind == "down"


def test_a_pasted_token_is_cleaned_and_never_repeated() -> None:
    assert account.clean(f'export KONNECT_TOKEN="{TOKEN}"', "$KONNECT_TOKEN") == TOKEN
    with pytest.raises(KonnectError) as refused:
        account.clean("kpat_one two", "$KONNECT_TOKEN")
    assert "kpat_one" not in refused.value.message and refused.value.exit_code == 6


def test_no_token_says_where_one_is_made() -> None:
    assert "KONNECT_TOKEN=" in account.no_token().hint and account.no_token().exit_code == 6
