"""The version of Kong whose words are used: told as Kong's versions are, the newest words by default."""

import pytest

from gateway.errors import SettingsError
from gateway.settings import Settings


def test_versions_compare_as_numbers() -> None:
    assert Settings().compatible_version == (3, 9)
    assert Settings.from_env({"KONG_COMPATIBLE_VERSION": "3.7"}).compatible_version == (3, 7)
    assert (3, 9) < Settings.from_env({"KONG_COMPATIBLE_VERSION": "3.10.0.2"}).compatible_version == (3, 10, 0, 2)


@pytest.mark.parametrize("given", ["3", "newest", "3.x", "3.7-rc1", "1" * 50])
def test_what_is_no_version_is_told(given: str) -> None:
    with pytest.raises(SettingsError, match=r"KONG_COMPATIBLE_VERSION=.*write a version of Kong, like 3.7"):
        Settings.from_env({"KONG_COMPATIBLE_VERSION": given})
