from __future__ import annotations

import pytest

from quickstart.konnect.product import field_of, host_of, node_of
from quickstart.konnect.refusals import Refused


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [("https://ab.us.cp.konghq.com", "ab.us.cp.konghq.com"), ("https://172.17.0.1:8443", "172.17.0.1:8443")],
)
def test_where_a_data_plane_goes(endpoint: str, host: str) -> None:
    assert host_of(endpoint) == host


@pytest.mark.parametrize(
    "endpoint", [None, "", "null", "http://ab.us.cp.konghq.com", "https://", "https://u:p@host", 7]
)
def test_no_address_is_refused_instead_of_used(endpoint: object) -> None:
    with pytest.raises(Refused) as refused:
        host_of(endpoint)
    assert refused.value.exit_code == 6


@pytest.mark.parametrize("document", [{}, {"id": ""}, {"id": 7}])
def test_an_answer_without_its_field_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(Refused, match='"id"'):
        field_of(document, "id")


def test_what_is_wrong_with_a_node_is_told() -> None:
    issue = {"code": "P1", "resolution": "Upgrade it.", "severity": "error"}
    item = {
        "id": "n", "hostname": "h", "version": "3.15", "last_ping": 12, "config_hash": "abc",
        "compatibility_status": {"state": "X", "issues": [issue]}, "errors": [{"message": "bad plugin"}],
    }  # fmt: skip
    node = node_of(item, "config_hash")
    assert (node.last_ping, node.config, node.problems) == (12.0, "abc", ("P1 Upgrade it.", "bad plugin"))
    assert node_of({"id": "n"}, "config_hash").problems == ()
