"""TLS around an upstream connection: whatever the pieces, the ends and the faults, what is heard is what was said."""

from __future__ import annotations

import itertools
import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.raw_upstream import ok
from support.secure_pipe import Contexts, Far
from support.wire_pipe import Heard

from gateway.transport.secure import Session
from gateway.values import Forward, Origin

HEAD = b"POST / HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nuntil close"


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    return Contexts(tmp_path_factory.mktemp("secure"))


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    made = Contexts(tmp_path_factory.mktemp("older"))
    made.server.maximum_version = ssl.TLSVersion.TLSv1_2
    return made


def ask(far: Far, body: bytes = b"") -> Heard:
    heard = Heard()
    far.upstream.ask(Forward(Origin("https", "localhost", 443), HEAD, body, 5.0, 60.0, 60.0), heard)
    return heard


@pytest.mark.parametrize("version", ["contexts", "older"])
def test_a_request_and_its_answer_again_and_again(version: str, request: pytest.FixtureRequest) -> None:
    far = Far(request.getfixturevalue(version))
    for number in range(3):
        heard = ask(far, b"body %d" % number)
        assert far.got() == HEAD + b"body %d" % number
        far.upstream.data_received(far.records(ok(b"answer %d" % number)))
        assert (heard.status, heard.body, heard.ended) == (200, b"answer %d" % number, 1)
        assert far.pool.kept == number + 1


@pytest.mark.parametrize("size", [1, 2, 3, 5, 21, 22, 23, 100])
def test_an_answer_in_pieces_of_any_size(contexts: Contexts, size: int) -> None:
    far = Far(contexts)
    heard = ask(far)
    wire = far.records(CHUNKED, b"6\r\nhello \r\n", b"5\r\nworld\r\n0\r\n\r\n")
    for start in range(0, len(wire), size):
        far.upstream.data_received(wire[start : start + size])
    assert (heard.status, heard.body, heard.ended, far.pool.kept) == (200, b"hello world", 1, 1)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_however_records_and_packets_are_cut(contexts: Contexts, data: st.DataObject) -> None:
    far = Far(contexts)
    body = data.draw(st.binary(max_size=300)) * data.draw(st.sampled_from([1, 1, 200]))
    clear = ok(body)
    cuts = sorted({*data.draw(st.lists(st.integers(0, len(clear)), max_size=5)), 0, len(clear)})
    wire = far.records(*(clear[one:other] for one, other in itertools.pairwise(cuts)))
    heard = ask(far)
    cuts = sorted({*data.draw(st.lists(st.integers(0, len(wire)), max_size=8)), 0, len(wire)})
    for one, other in itertools.pairwise(cuts):
        assert not heard.ended
        far.upstream.data_received(wire[one:other])
    assert (heard.body, heard.ended, far.pool.kept) == (body, 1, 1)


@pytest.mark.parametrize("size", [65_000, 65_537, 131_072, 131_073, 1_000_000])
def test_a_large_body_leaves_whole(contexts: Contexts, size: int) -> None:
    far = Far(contexts)
    body = bytes(range(256)) * (size // 256 + 1)
    ask(far, body)
    assert far.got() == HEAD + body


def test_writes_that_wait_leave_in_order_and_count_as_unsent(contexts: Contexts) -> None:
    far = Far(contexts)
    far.upstream.transport.write(b"one ")
    far.upstream.transport.write(b"two ")
    assert far.upstream.transport.get_write_buffer_size() == 8
    assert far.pipe.written == b""
    far.upstream.transport.writelines((b"three ", b"four"))
    assert far.got() == b"one two three four"


@pytest.mark.parametrize(
    ("sent", "ended", "error"),
    [
        (b"", 0, "without an answer"),
        (b"HTTP/1.1 200", 0, "without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 0, "before the answer was complete"),
        (CHUNKED + b"5\r\nwor", 0, "before the answer was complete"),
        (UNTIL_CLOSE, 1, ""),
        (ok(b"whole"), 1, ""),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_the_other_side_ends_at(contexts: Contexts, sent: bytes, ended: int, error: str, together: bool) -> None:
    far = Far(contexts)
    heard = ask(far)
    assert far.got() == HEAD
    parts = [far.records(sent) if sent else b"", far.farewell()]
    for part in [b"".join(parts)] if together else parts:
        if part:
            far.upstream.data_received(part)
    assert far.upstream.transport.is_closing()
    with pytest.raises(ssl.SSLZeroReturnError):  # the farewell is returned, and there was nothing before it
        far.got()
    far.upstream.connection_lost(None)
    assert heard.ended == ended
    assert (heard.error.kind, error in heard.error.detail) == ("closed", True) if heard.error else not error


def test_an_idle_connection_whose_other_side_ends_is_of_no_use(contexts: Contexts) -> None:
    far = Far(contexts)
    far.upstream.data_received(far.farewell())
    assert far.upstream.transport.is_closing()


@pytest.mark.parametrize("at", [3, 5, 30, -1])
def test_a_record_that_was_changed_on_its_way(contexts: Contexts, at: int) -> None:
    far = Far(contexts)
    heard = ask(far)
    far.got()
    wire = bytearray(far.records(ok(b"true"), b""))
    wire[at] ^= 0x55
    far.upstream.data_received(bytes(wire))
    if at == 3:  # its length: more is awaited than comes
        far.upstream.data_received(bytes(wire) * 400)
    assert heard.error is not None and heard.error.sent
    assert heard.error.kind == "closed" and "TLS cannot go on: " in heard.error.detail
    assert heard.body == b"" and far.pipe.closed and far.pool.kept == 0
    with pytest.raises(ssl.SSLError, match="ALERT"):
        far.got()


def test_garbage_on_an_idle_connection_ends_it(contexts: Contexts) -> None:
    far = Far(contexts)
    far.upstream.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert far.pipe.closed


def test_bytes_that_nobody_asked_for_end_the_connection(contexts: Contexts) -> None:
    far = Far(contexts)
    far.upstream.data_received(far.records(ok(b"evil")))
    assert far.pipe.closed


def test_what_comes_with_the_end_of_the_handshake_is_no_answer(older: Contexts) -> None:
    """In TLS 1.2 the server speaks last: it could put an answer behind, before any request."""
    assert not Far(older).pipe.closed
    assert Far(older, unasked=ok(b"evil")).pipe.closed


def test_tickets_after_the_handshake_are_kept_and_no_answer(contexts: Contexts) -> None:
    far = Far(contexts)
    heard = ask(far)
    far.upstream.data_received(far.records(ok(b"first")))
    assert heard.body == b"first"
    session = far.upstream.transport.get_extra_info("ssl_object").session
    assert session.has_ticket
    assert far.upstream.context is not None and far.upstream.context.sessions == {}
    far.upstream.context.remember(far.upstream.transport.get_extra_info("ssl_object"), "localhost")
    assert far.upstream.context.sessions["localhost"].has_ticket


def test_a_server_that_wants_a_certificate_of_ours_is_quoted(contexts: Contexts) -> None:
    """In TLS 1.3 it says so only after the handshake, in place of the answer."""
    contexts.server.verify_mode = ssl.CERT_REQUIRED
    try:
        far = Far(contexts, late=True)
    finally:
        contexts.server.verify_mode = ssl.CERT_NONE
    heard = ask(far)
    far.upstream.data_received(far.late)
    assert heard.error is not None
    assert heard.error.detail == "localhost:443: TLS cannot go on: TLSV13_ALERT_CERTIFICATE_REQUIRED"


def test_every_byte_wins_time(contexts: Contexts) -> None:
    far = Far(contexts)
    ask(far)
    for byte in far.records(b"HTTP"):
        far.upstream.quiet = 7
        far.upstream.data_received(bytes((byte,)))
        assert far.upstream.quiet == 0


def test_what_is_asked_after_the_end_goes_nowhere(contexts: Contexts) -> None:
    far = Far(contexts)
    far.upstream.data_received(far.farewell())
    with pytest.raises(ssl.SSLZeroReturnError):
        far.got()
    ask(far)
    ask(far, b"x" * 100_000)
    far.pool.outbox.flush()
    assert far.pipe.written == b""


def test_a_name_that_cannot_be(contexts: Contexts) -> None:
    with pytest.raises(ValueError):
        Session(contexts.client(), ".leading")
