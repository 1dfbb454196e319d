"""A snippet that starts a program (`export NAME=value` lines, then a command) as environment and arguments of one run.
Pure. Not for: what the snippet says (the gateway's), starting anything.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quickstart.calling.chat import KEY
from quickstart.errors import UsageError
from quickstart.messages import text

PLACEHOLDER = "YOUR_KEY"
PROGRAMS: Mapping[str, str] = {"claude": "claude-code", "codex": "codex"}
"""Program -> its kind of snippet."""
REMOVED: Mapping[str, tuple[str, ...]] = {
    "claude": ("ANTHROPIC_API_KEY", "ANTHROPIC_MODEL"),
    "codex": ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
}
"""Variables that would lead the program past the gateway, or show a real key to it."""


@dataclass(frozen=True, slots=True)
class Invocation:
    arguments: list[str]
    environment: dict[str, str]


def invocation(program: str, snippet: str, more: Sequence[str], environ: Mapping[str, str]) -> Invocation:
    """The snippet's command with `more` arguments behind it, and the whole environment it runs in. UsageError where the
    route wants a key of its callers and the environment has none."""
    changed: dict[str, str] = {}
    *exports, command = snippet.replace("\\\n", " ").splitlines()
    for line in exports:
        (assignment,) = shlex.split(line.removeprefix("export "))
        name, _, value = assignment.partition("=")
        if PLACEHOLDER in value:
            if not environ.get(KEY):
                raise UsageError(text("calls.client_key"), text("calls.client_key_do", variable=KEY))
            value = value.replace(PLACEHOLDER, environ[KEY])
        changed[name] = value
    kept = {name: value for name, value in environ.items() if name not in REMOVED.get(program, ())}
    return Invocation([*shlex.split(command), *more], {**kept, **changed})
