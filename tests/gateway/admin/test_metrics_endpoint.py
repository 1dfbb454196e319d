"""GET /metrics: what the workers counted and what the node knows of itself."""

from __future__ import annotations

import asyncio

from support.admin_api import Admin

from gateway.admin.metrics_endpoint import MetricsText
from gateway.metrics import Definition, Dump, family

COUNTED = Definition("counter", "kong_z_of_workers", "Counted.", ("who",))
NODE_ID = "00000000-0000-4000-8000-000000000001"


def text(admin: Admin) -> str:
    async def gather() -> Dump:
        admin.node.statistics = lambda: {
            "server": {"total_requests": 9, "connections_accepted": 4, "connections_active": 2},
            "workers": {12: 1 << 20, 11: 5},
        }
        return family(COUNTED, [(("b",), 2), (("a",), 1)])

    return asyncio.run(as_text(MetricsText(admin.node, gather)))


async def as_text(metrics: MetricsText) -> str:
    return (await metrics()).decode()


def test_the_whole_text() -> None:
    common = f'kong_nginx_connections_total{{node_id="{NODE_ID}",subsystem="http",state='
    assert [line for line in text(Admin()).splitlines() if not line.startswith("#")] == [
        "kong_datastore_reachable 1",
        f'kong_memory_workers_lua_vms_bytes{{node_id="{NODE_ID}",pid="11",kong_subsystem="http"}} 5',
        f'kong_memory_workers_lua_vms_bytes{{node_id="{NODE_ID}",pid="12",kong_subsystem="http"}} 1048576',
        *(
            f'{common}"{state}"}} {count}'
            for state, count in (
                *(("accepted", 4), ("active", 2), ("handled", 0), ("reading", 0)),
                *(("total", 9), ("waiting", 0), ("writing", 0)),
            )
        ),
        "kong_nginx_metric_errors_total 0",
        f'kong_nginx_requests_total{{node_id="{NODE_ID}",subsystem="http"}} 9',
        f'kong_node_info{{node_id="{NODE_ID}",version="3.9.1"}} 1',
        'kong_z_of_workers{who="a"} 1',
        'kong_z_of_workers{who="b"} 2',
    ]


def test_it_is_told_by_the_admin_api() -> None:
    admin = Admin()

    async def gather() -> Dump:
        return {}

    assert admin.get("/metrics").status == 404
    admin.api.metrics = MetricsText(admin.node, gather)
    answer = admin.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert answer.body.startswith("# HELP kong_datastore_reachable ")
    assert admin.ask("HEAD", "/metrics").status == 200
    assert admin.ask("POST", "/metrics").status == 405
