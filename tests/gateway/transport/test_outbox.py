"""Writes of one turn of the loop go out together, in order, and none is lost when a connection ends."""

import asyncio
from typing import Any

from gateway.transport.outbox import LateTransport, Outbox


class Recording(asyncio.Transport):
    """What reached the real transport, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self.gone = False

    def is_closing(self) -> bool:
        return self.gone

    def write(self, data: Any) -> None:
        self.seen.append(bytes(data))

    def close(self) -> None:
        self.seen.append("close")

    def abort(self) -> None:
        self.seen.append("abort")

    def write_eof(self) -> None:
        self.seen.append("eof")

    def get_write_buffer_size(self) -> int:
        return 5


async def one_turn() -> None:
    await asyncio.sleep(0)


def test_writes_wait_for_the_turn_to_end_and_are_joined() -> None:
    async def run() -> None:
        outbox = Outbox(asyncio.get_running_loop())
        first, second = Recording(), Recording()
        one, two = LateTransport(first, outbox), LateTransport(second, outbox)
        one.write(b"a")
        two.write(b"x")
        one.write(b"b")
        assert (first.seen, second.seen) == ([], [])
        assert one.get_write_buffer_size() == 7
        await one_turn()
        assert (first.seen, second.seen) == ([b"ab"], [b"x"])
        one.write(b"c")
        await one_turn()
        assert first.seen == [b"ab", b"c"]

    asyncio.run(run())


def test_much_does_not_wait() -> None:
    async def run() -> None:
        real = Recording()
        late = LateTransport(real, Outbox(asyncio.get_running_loop()))
        for _ in range(200):
            late.write(b"x" * 1000)
        assert [len(data) for data in real.seen] == [66_000, 66_000, 66_000]
        await one_turn()
        assert sum(map(len, real.seen)) == 200_000

    asyncio.run(run())


def test_ending_sends_what_waits_first() -> None:
    async def run() -> None:
        outbox = Outbox(asyncio.get_running_loop())
        for end, seen in (("close", [b"a", "close"]), ("write_eof", [b"a", "eof"]), ("abort", ["abort"])):
            real = Recording()
            late = LateTransport(real, outbox)
            late.write(b"a")
            getattr(late, end)()
            await one_turn()
            assert real.seen == seen

    asyncio.run(run())


def test_what_waits_for_a_peer_that_is_gone_is_dropped() -> None:
    async def run() -> None:
        real = Recording()
        late = LateTransport(real, Outbox(asyncio.get_running_loop()))
        late.write(b"a")
        real.gone = True
        await one_turn()
        assert real.seen == []

    asyncio.run(run())


def test_a_write_during_the_flush_goes_out_in_the_next_turn() -> None:
    async def run() -> None:
        outbox = Outbox(asyncio.get_running_loop())
        real = Recording()
        late = LateTransport(real, outbox)

        class Echo(Recording):
            def write(self, data: Any) -> None:
                late.write(b"again")

        LateTransport(Echo(), outbox).write(b"a")
        await one_turn()
        assert real.seen == []
        await one_turn()
        assert real.seen == [b"again"]

    asyncio.run(run())
