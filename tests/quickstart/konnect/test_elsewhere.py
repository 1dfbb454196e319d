from __future__ import annotations

from pathlib import Path

import pytest
from support.konnect_parts import konnect_plan
from support.setups import a_plan, a_route

from quickstart.calling import live_routes
from quickstart.errors import KonnectError
from quickstart.konnect.elsewhere import require_here


def test_a_gateway_of_this_machine_is_fine(tmp_path: Path) -> None:
    require_here(a_plan(tmp_path, a_route(9)))


def test_one_of_konnect_says_where_its_configuration_is(tmp_path: Path) -> None:
    with pytest.raises(KonnectError, match='"ai-gateway" in Konnect') as refused:
        require_here(konnect_plan(tmp_path))
    assert refused.value.exit_code == 6 and "ai-gateway setup" in refused.value.hint
    with pytest.raises(KonnectError):
        live_routes.live_routes(konnect_plan(tmp_path), {})
