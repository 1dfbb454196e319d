"""A model server of this machine: well, gone, moved, silent, another one, locked, empty, or with other models."""

from __future__ import annotations

import pytest

from quickstart.discovery import Probed, Server
from quickstart.server_check import Ways, check, has

ELSEWHERE = Server(8081, "llama.cpp", ("m",))


def ways(
    found: Probed | None, listening: bool = False, speaking: bool = False, others: tuple[Server, ...] = ()
) -> Ways:
    return Ways(lambda base, key: found, lambda ours: others, lambda host, port: listening, lambda host, port: speaking)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (ways(Probed("llama.cpp", ("m",))), "server_ok"),
        (ways(Probed("ollama", ("m:latest",))), "server_ok"),
        (ways(Probed("ollama", ("other",))), "model_gone"),
        (ways(Probed("ollama", ())), "server_empty"),
        (ways(Probed("llama.cpp", (), True)), "server_locked"),
        (ways(None), "server_gone"),
        (ways(None, others=(ELSEWHERE,)), "server_moved"),
        (ways(None, others=(Server(8081, "ollama", ("other",)),)), "server_gone"),
        (ways(None, listening=True), "server_silent"),
        (ways(None, listening=True, speaking=True), "server_wrong"),
    ],
)
def test_what_may_be_the_matter(seen: Ways, code: str) -> None:
    told = check("localhost:7999", "m", "mine", ways=seen)
    assert told.code == code and "http://localhost:7999" in told.message
    assert bool(told.hint) == (code != "server_ok")


def test_the_remedy_of_a_server_that_moved_can_be_typed() -> None:
    told = check("localhost:7999", "m", "mine", ways=ways(None, others=(ELSEWHERE,)))
    assert told.hint.endswith("ai-gateway setup --local mine=http://localhost:8081") and "8081" in told.message


def test_the_key_is_handed_on_and_a_containers_name_means_this_machine() -> None:
    asked: list[tuple[str, str]] = []

    def probe(base: str, key: str) -> Probed:
        asked.append((base, key))
        return Probed("vllm", ("m",))

    check("http://host.docker.internal:7999/v1", "m", "mine", "Bearer k", ways=Ways(probe))
    assert asked == [("http://localhost:7999", "Bearer k")]


def test_names_of_ollama_may_leave_the_tag_out() -> None:
    assert has(("mistral:latest",), "mistral") and has(("a",), "a") and not has(("mistral:7b",), "mistral")
