"""/metrics, /status and traces of a gateway as users run it: real workers, a real receiver."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.gateway_process import GatewayProcess, ask, eventually
from support.mock_server import Answer, Asked, MockServer, as_json
from support.otlp import OtlpReceiver

pytestmark = pytest.mark.timeout(90)
REQUESTS = 60
CHAT = {"messages": [{"role": "user", "content": "hi"}]}
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


class Model(MockServer):
    """Answers whole or as a stream."""

    def answer(self, asked: Asked) -> Answer:
        choice = {"index": 0, "finish_reason": "stop"}
        if not asked.json.get("stream"):
            message = {"role": "assistant", "content": "ho"}
            return as_json({"model": "m-1", "choices": [{**choice, "message": message}], "usage": USAGE})
        chunks = [{"choices": [{**choice, "delta": {"content": "ho"}}]}, {"choices": [], "usage": USAGE}]
        pieces = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
        return Answer(content_type="text/event-stream", pieces=[*pieces, b"data: [DONE]\n\n"])


def configuration(model: MockServer, receiver: MockServer | None) -> dict[str, Any]:
    ai_proxy = {
        "route_type": "llm/v1/chat",
        "logging": {"log_statistics": True},
        "model": {"provider": "openai", "name": "m", "options": {"upstream_url": f"{model.url}/v1"}},
    }
    on = ("status_code_metrics", "ai_metrics", "latency_metrics", "bandwidth_metrics")
    plugins = [
        {"name": "prometheus", "config": dict.fromkeys(on, True)},
        {"name": "ai-proxy", "config": ai_proxy},
    ]
    if receiver is not None:
        queue = {"max_batch_size": 16, "max_coalescing_delay": 0.1}
        endpoint = f"{receiver.url}/v1/traces"
        plugins.append({"name": "opentelemetry", "config": {"traces_endpoint": endpoint, "queue": queue}})
    route = {"name": "r", "paths": ["/chat"]}
    return {
        "_format_version": "3.0",
        "services": [{"name": "s", "url": model.url, "routes": [route]}],
        "plugins": plugins,
    }


def started(tmp_path: Path, model: MockServer, receiver: MockServer | None = None) -> GatewayProcess:
    file = tmp_path / "kong.json"
    file.write_text(json.dumps(configuration(model, receiver)))
    return GatewayProcess(file, {"KONG_NGINX_WORKER_PROCESSES": "2"})


def chat(gateway: GatewayProcess, stream: bool = False, **headers: str) -> int:
    return ask(gateway.ports["PROXY"], "POST", "/chat", {**CHAT, "stream": stream}, headers).status


def series(gateway: GatewayProcess, listener: str = "STATUS") -> dict[str, float]:
    answer = ask(gateway.ports[listener], "GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def total(numbers: dict[str, float], pattern: str) -> float:
    found = [value for name, value in numbers.items() if re.search(pattern, name)]
    assert found, pattern
    return sum(found)


def workers(gateway: GatewayProcess) -> list[int]:
    """Pids of those that are up."""
    pids: list[int] = ask(gateway.ports["ADMIN"], "GET", "/").json["pids"]["workers"]
    return pids


def test_what_two_workers_counted_is_told_at_once(tmp_path: Path) -> None:
    with Model() as model, started(tmp_path, model) as gateway:
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda number: chat(gateway, stream=number % 2 == 0), range(REQUESTS))) == {200}
        assert ask(gateway.ports["PROXY"], "GET", "/nowhere").status == 404
        for listener in ("STATUS", "ADMIN"):
            numbers = series(gateway, listener)
            assert total(numbers, '^kong_http_requests_total.*code="200"') == REQUESTS
            assert total(numbers, "^kong_ai_llm_requests_total") == REQUESTS
            assert total(numbers, "tokens_total.*total_tokens") == 10 * REQUESTS
            assert total(numbers, "^kong_upstream_latency_ms_count") == REQUESTS
            assert total(numbers, "^kong_nginx_requests_total") == REQUESTS + 1
            server = ask(gateway.ports[listener], "GET", "/status").json["server"]
            assert server["total_requests"] == server["connections_accepted"] == REQUESTS + 1
        (node,) = [name for name in series(gateway) if name.startswith("kong_node_info")]
        assert ask(gateway.ports["ADMIN"], "GET", "/").json["node_id"] in node


def test_counts_outlive_a_worker(tmp_path: Path) -> None:
    with Model() as model, started(tmp_path, model) as gateway:
        for _ in range(10):
            chat(gateway)
        assert total(series(gateway), "^kong_http_requests_total") == 10
        killed = psutil.Process(workers(gateway)[0])
        killed.kill()
        eventually(lambda: len(set(workers(gateway)) - {killed.pid}) == 2, "a new worker")
        for _ in range(5):
            chat(gateway)
        numbers = series(gateway)
        assert total(numbers, "^kong_http_requests_total") == 15
        assert total(numbers, "^kong_nginx_requests_total") == 15
        pids = {name.split('pid="')[1].split('"')[0] for name in numbers if "lua_vms" in name}
        assert str(killed.pid) not in pids
        assert len(pids) == 2


def test_every_span_arrives_although_the_receiver_fails_at_first(tmp_path: Path) -> None:
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    with Model() as model, OtlpReceiver(failures=3) as receiver, started(tmp_path, model, receiver) as gateway:
        for number in range(20):
            assert chat(gateway, stream=number % 2 == 0) == 200
        assert chat(gateway, traceparent=f"00-{trace}-{parent}-01") == 200
        eventually(lambda: len(receiver.spans) >= 42, "the receiver to have all spans")
        assert receiver.malformed == []
        spans = receiver.spans
        assert len(spans) == 42 and len({one.span_id for one in spans}) == 42
        ids = {one.span_id: one for one in spans}
        for one in spans:
            if one.kind == 3:
                server = ids[one.parent_id]
                assert (server.kind, server.trace_id) == (2, one.trace_id)
                assert server.start <= one.start <= one.end <= server.end
                assert one.name == "chat m"
                assert one.attributes["gen_ai.usage.output_tokens"] == 3
                assert one.attributes["gen_ai.response.finish_reasons"] == ["stop"]
        last = next(one for one in spans if one.parent_id == parent)
        assert last.trace_id == trace
        sent = model.last.headers["traceparent"].split("-")
        assert sent[1] == trace and ids[sent[2]].kind == 3
        node_id = ask(gateway.ports["ADMIN"], "GET", "/").json["node_id"]
        assert last.resource["service.instance.id"] == node_id


def test_spans_that_wait_when_the_gateway_ends_are_sent_before(tmp_path: Path) -> None:
    with Model() as model, OtlpReceiver() as receiver:
        config = configuration(model, receiver)
        config["plugins"][2]["config"]["queue"] = {"max_coalescing_delay": 3600}
        file = tmp_path / "kong.json"
        file.write_text(json.dumps(config))
        with GatewayProcess(file) as gateway:
            for _ in range(3):
                chat(gateway)
            assert gateway.stop() == 0
        assert (len(receiver.spans), receiver.malformed) == (6, [])
