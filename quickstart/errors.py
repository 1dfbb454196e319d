"""Everything that may stop the quickstart, each with what to do about it. Not for: printing, or deciding when to stop.

    QuickstartError            1   any of the below; alone: a bug
    |- UsageError              2   what was typed cannot be meant
    |- EnvironmentProblem      3   this machine lacks something: a terminal, an engine, a directory
    |- PortTaken               4   a port is in use
    |- ProviderUnhealthy       5   a route does not answer and --strict was asked
    |- KonnectError            6   Konnect refused or cannot be used
    `- Cancelled             130   the person said stop; nothing was changed

The number is the exit code of the command. `message` says what happened and why, `hint` what to type; neither ever
holds a secret.
"""

from __future__ import annotations

from typing import ClassVar

from quickstart import messages


class QuickstartError(Exception):
    """Base of all; `str()` is the message alone."""

    default_exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "", exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = self.default_exit_code if exit_code is None else exit_code


class UsageError(QuickstartError):
    default_exit_code = 2


class EnvironmentProblem(QuickstartError):
    default_exit_code = 3


class PortTaken(QuickstartError):
    default_exit_code = 4


class ProviderUnhealthy(QuickstartError):
    default_exit_code = 5


class KonnectError(QuickstartError):
    default_exit_code = 6


class Cancelled(QuickstartError):
    default_exit_code = 130

    def __init__(self, message: str = "", hint: str = "") -> None:
        super().__init__(message or messages.text("start.cancelled"), hint)


class WentBack(Exception):
    """No error: the person wants the question before. Raised by a prompt, taken by rewinding.py."""
