"""A gateway in memory whose requests are remembered, and watched when the recorder says so. Not for: sockets."""

from __future__ import annotations

from typing import Any

from support.exchange import Gateway

from gateway.exchange import Exchange
from gateway.recorder import RecordedExchange, Recorder
from gateway.watching import WatchedExchange


class RecordedGateway(Gateway):
    def __init__(self, declarative: Any, recorder: Recorder | None = None, **more: Any) -> None:
        super().__init__(declarative, **more)
        self.recorder = recorder or Recorder()

    def watch(self, bodies: bool = False) -> None:
        self.recorder.watch(self.runtime.now() + 30, bodies)

    def exchange(self, *given: Any, **more: Any) -> Exchange:
        request = super().exchange(*given, **more).request
        self.runtime.count -= 1  # that one was only made for its request
        kind = WatchedExchange if self.recorder.watching else RecordedExchange
        return kind(self.snapshot, request, self.runtime, self.recorder)

    def last(self) -> dict[str, Any]:
        """All that is known of the latest request."""
        found = self.recorder.find(self.recorder.recent()[-1]["id"])
        assert found is not None
        return found


def chat_route(*plugins: dict[str, Any], secret: str = "Bearer sk-canary-17", **auth: Any) -> dict[str, Any]:
    """One route /chat with ai-proxy for OpenAI at upstream.test, and further plugins."""
    proxy = {
        "name": "ai-proxy",
        "config": {
            "route_type": "llm/v1/chat",
            "auth": {"header_name": "Authorization", "header_value": secret} | auth,
            "model": {
                "provider": "openai",
                "name": "gpt-6-luna",
                "options": {
                    "upstream_url": "http://upstream.test/v1/chat/completions",
                    "input_cost": 1,
                    "output_cost": 2,
                },
            },
        },
    }
    route = {"name": "chat", "paths": ["/chat"], "plugins": [proxy, *plugins]}
    return {"services": [{"name": "s", "url": "http://nobody.test", "routes": [route]}]}
