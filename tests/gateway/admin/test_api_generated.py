"""Whatever is asked of the Admin API, the answer is never that something went wrong inside.

ADMIN_REQUESTS sets how many requests are made; the default is for every run of the tests.
"""

from __future__ import annotations

import os
from collections import Counter

from support.admin_api import Admin
from support.generated_requests import Asked, Generator

from gateway.counters import Counters
from gateway.entities import Config
from gateway.transport.compiling import compile_snapshot
from gateway.values import Request

REQUESTS = int(os.environ.get("ADMIN_REQUESTS", "3000"))
AT_ONCE = 1500  # then a new gateway, so that rows do not pile up


def sent(asked: Asked) -> Request:
    lines = [(name.encode(), value.encode("latin-1")) for name, value in asked.headers.items()]
    lines.append((b"Host", b"127.0.0.1:8001"))
    fields = {name.lower(): value for name, value in lines}
    return Request(asked.method.encode(), asked.path.encode("utf-8", "surrogatepass"), lines, fields, asked.body)


def test_no_request_makes_the_gateway_fail() -> None:
    statuses: Counter[int] = Counter()
    counters = Counters.create()
    try:
        for seed in range(-(-REQUESTS // AT_ONCE)):
            admin, generator = Admin(), Generator(seed)

            def check(config: Config, admin: Admin = admin) -> object:
                return compile_snapshot(config, admin.settings, {"counters": counters}, environment={})

            admin.store.check = check
            admin.api.metrics = lambda: b""
            for number in range(min(AT_ONCE, REQUESTS)):
                asked = generator.ask()
                answer = admin.handle(sent(asked))
                allowed = answer.status < 500 or (asked.path.startswith("/status/dns") and answer.status == 501)
                assert allowed, f"seed {seed}, request {number}: {asked}\n{answer}\n{admin.log[-3:]}"
                statuses[answer.status] += 1
                if answer.status < 300:
                    generator.learn(answer.body)
    finally:
        counters.close()
    # neither all fine nor all noise
    assert statuses[200] > 0.05 * REQUESTS and statuses[201] > 0.02 * REQUESTS, statuses
    assert statuses[400] > 0.1 * REQUESTS, statuses
