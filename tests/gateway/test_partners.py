"""Whoever works with an exchange has what is asked of them, in the transport as in the tests."""

import inspect
from typing import Any

import pytest
from support.exchange import TestRuntime

from gateway.partners import Conversation, Runtime
from gateway.plugins._conversation import LlmConversation
from gateway.transport import runtime


def methods(protocol: Any) -> list[str]:
    return [name for name, _ in inspect.getmembers(protocol, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("worker", [runtime.Runtime, TestRuntime])
def test_a_worker_lends_everything(worker: Any) -> None:
    assert methods(Runtime)
    made = worker(settings=None)
    for name in methods(Runtime):
        assert callable(getattr(made, name)), name


def test_a_conversation_answers_everything() -> None:
    assert methods(Conversation)
    for name in methods(Conversation):
        asked = inspect.signature(getattr(Conversation, name)).parameters
        assert list(inspect.signature(getattr(LlmConversation, name)).parameters) == list(asked), name
