"""What a plugin does for one more request whose head came before, from the same client to the same route: what its
hooks do, less what the head already told. A plugin that offers none (Plugin.repeat) keeps its routes on the general
way. Not for: the course of such a request (gateway/express.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from gateway.exchange import Exchange
    from gateway.express import Express

OPEN = b"\0"
"""A number that differs from answer to answer, while ready header lines are made: no header line can hold this byte."""


class Message(msgspec.Struct, gc=False):
    """A message as nearly all are; a conversation with another one goes the general way."""

    role: str
    content: str


class Talk:
    """A request as access() sees it. Words are only there where somebody looks at them."""

    __slots__ = ("messages", "numbers", "turns")

    def __init__(self) -> None:
        self.messages: bytes | msgspec.Raw = b""  # the array of them, as it is written
        self.turns: Sequence[Message] = ()
        self.numbers: list[bytes] = []  # for the client's header lines, in the order of amend()


class Repeat:
    """Of one plugin and one head. Methods that are not overridden cost nothing."""

    name = ""  # of the plugin
    looks = False  # whether access() wants the words
    most = 1 << 62  # bytes of body; more go the general way

    def access(self, talk: Talk) -> bool:
        """Whether the request may go on. It only looks: what is not let pass goes the general way, where the plugin's
        own hook finds the words."""
        return True

    def amend(self, exchange: Exchange, numbers: Iterator[bytes]) -> None:
        """Leaves in an exchange what the access hook leaves there; takes from `numbers` those of its own talk."""

    def over(self, express: Express) -> None:
        """The log hook, for a whole answer with status 200 whose usage is known."""

    def digest(self) -> None:
        """What was put off with recorder.later()."""


HEAD_TOLD_ALL = Repeat()
"""Of a plugin whose hook depends on the head alone: what it left in the exchange before is right for the next one."""


def overriding(repeats: Sequence[Repeat], method: str) -> tuple[Repeat, ...]:
    return tuple(each for each in repeats if getattr(type(each), method) is not getattr(Repeat, method))
