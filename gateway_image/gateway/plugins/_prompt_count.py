"""Counting a request's prompt by a named method. Kong lets a Lua function do it; a gateway that runs text from its
configuration is no gateway, so here the function is chosen by name. Not for: what an answer used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.chat import estimate_prompt, prompt_texts

METHODS: dict[str, Callable[[Any], float]] = {
    "tokens": lambda body: float(estimate_prompt(body, False)),
    "words": lambda body: float(sum(len(text.split()) for text in prompt_texts(body))),
    "characters": lambda body: float(sum(len(text) for text in prompt_texts(body))),
    "requests": lambda body: 1.0,
}


def prompt_counter(name: str | None) -> Callable[[Any], float]:
    """The method called `name`, tokens when it is not given. Raises ValueError that lists what there is."""
    method = METHODS.get(name or "tokens")
    if method is None:
        raise ValueError(f"Lua functions are not run here; give one of: {', '.join(METHODS)}")
    return method
