"""A fleet without a file: decK brings each gateway to the same configuration, and they count together."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import yaml
from support.deck import Deck, Summary
from support.gateway_process import GatewayProcess, ask, eventually
from support.limited_chats import Spender, chat_service, token_limit, within_one_window
from support.redis_servers import RedisServer

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("limits"), pytest.mark.redis]
DAY = 86400


def test_the_same_sync_to_each_and_a_limit_for_all(deck_binary: Path, tmp_path: Path) -> None:
    def scenario(attempt: int) -> None:
        folder = tmp_path / f"attempt-{attempt}"
        folder.mkdir()
        with contextlib.ExitStack() as stack:
            redis = stack.enter_context(RedisServer(folder))
            spender = stack.enter_context(Spender())
            limit = token_limit(100, DAY, strategy="redis", redis={"host": "127.0.0.1", "port": redis.port})
            # without a name of its own, a limit counts under its plugin's id, which decK gives each gateway anew
            entry = {"name": "openai", "limit": [100], "window_size": [DAY]}
            limit["config"] |= {"namespace": "team", "llm_providers": [entry]}
            file = folder / "kong.yaml"
            service = chat_service("chat", spender.url, limit)
            file.write_text(yaml.safe_dump({"_format_version": "3.0", "services": [service]}, sort_keys=False))
            nodes = []
            for number in range(3):
                start = folder / f"start-{number}.yml"
                start.write_text('_format_version: "3.0"\n')
                gateway = stack.enter_context(GatewayProcess(start, {"KONG_NGINX_WORKER_PROCESSES": "1"}))
                deck = Deck(deck_binary, f"http://127.0.0.1:{gateway.ports['ADMIN']}", folder)
                assert deck.sync(file).created == 4
                assert deck.sync(file) == Summary(0, 0, 0)
                nodes.append(gateway)
            said = {"messages": [{"role": "user", "content": "30 10"}]}
            for spent, gateway in enumerate(nodes, 1):
                assert ask(gateway.ports["PROXY"], "POST", "/chat", said).status == 200
                eventually(lambda total=40 * spent: redis.total() == total, "it to be counted")
            assert [ask(gateway.ports["PROXY"], "POST", "/chat", said).status for gateway in nodes] == [429] * 3

    within_one_window(DAY, scenario)
