"""Golden tests of the gateway's own answers, against what Kong 3.9.1 was seen to send."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.replies import ai_error, bare_page, core_error, edge_accept, json_reply, message_of

ID = b"fed2873f13b36002ddee3e4db8225d1b"


def test_json_is_pretty_and_has_no_trailing_newline() -> None:
    reply = core_error(404, "no Route matched with those values", ID)
    assert reply.status == 404
    assert reply.block == b"Content-Type: application/json; charset=utf-8\r\n"
    expected = b'{\n  "message":"no Route matched with those values",\n  "request_id":"' + ID + b'"\n}'
    assert reply.body == expected
    assert len(reply.body) == 103


def test_plain_text_has_two_lines() -> None:
    reply = core_error(400, "Bad request", ID, b"text/plain")
    assert reply.block == b"Content-Type: text/plain; charset=utf-8\r\n"
    assert reply.body == b"Bad request\nrequest_id: " + ID + b"\n"
    assert len(reply.body) == 57


def test_html_escapes_and_ends_the_sentence() -> None:
    body = core_error(400, "a <b> & c", ID, b"text/html").body
    assert b"<h1>Error</h1>" in body
    assert b"<p>a &lt;b&gt; &amp; c.</p>" in body
    assert b"<p>request_id: " + ID + b"</p>" in body


def test_xml_names_message_and_requestid() -> None:
    body = core_error(503, 'say "no" & go', ID, b"application/xml").body
    assert body.startswith(b"<?xml ")
    assert b"<message>say &quot;no&quot; &amp; go</message>" in body
    assert b"<requestid>" + ID + b"</requestid>" in body


def test_grpc_has_no_body() -> None:
    reply = core_error(503, "x", ID, b"application/grpc")
    assert reply.body == b""
    assert reply.block == b"Content-Type: application/grpc\r\n"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (b"", b"application/json"),
        (b"*/*", b"application/json"),
        (b"application/*", b"application/json"),
        (b"text/*", b"text/plain"),
        (b"image/png", b"application/json"),
        (b"image/png, text/html", b"text/html"),
        (b"text/html;q=0.5, application/xml;q=0.9", b"application/xml"),
        (b"text/html, application/xml", b"text/html"),
        (b"TEXT/HTML", b"text/html"),
        (b"text/html;q=0, application/xml;q=0.1", b"application/xml"),
        (b"text/html;q=high", b"application/json"),
        (b"application/json; charset=utf-8", b"application/json"),
    ],
)
def test_accept_is_negotiated(accept: bytes, kind: bytes) -> None:
    assert core_error(400, "m", ID, accept).block.startswith(b"Content-Type: " + kind)


def test_an_edge_error_falls_back_to_the_content_type_then_to_plain_text() -> None:
    assert edge_accept({b"accept": b"text/html", b"content-type": b"application/json"}) == b"text/html"
    assert edge_accept({b"content-type": b"application/json"}) == b"application/json"
    assert edge_accept({}) == b"text/plain"


def test_ai_error_is_compact() -> None:
    reply = ai_error(400, "request body doesn't contain valid prompts")
    assert reply.body == b'{"error":{"message":"request body doesn\'t contain valid prompts"}}'
    assert reply.block == b"Content-Type: application/json; charset=utf-8\r\n"


def test_json_reply_appends_further_lines() -> None:
    reply = json_reply(401, {"message": "é"}, b"WWW-Authenticate: Key\r\n")
    assert reply.block.endswith(b"\r\nWWW-Authenticate: Key\r\n")
    assert reply.body == '{"message":"é"}'.encode()


def test_bare_page_is_the_edge_server_page() -> None:
    reply = bare_page(501, "Not Implemented")
    assert reply.body.startswith(b"<html>\r\n<head><title>501 Not Implemented</title></head>\r\n")
    assert len(reply.body) == 130


def test_known_and_unknown_statuses_have_words() -> None:
    assert message_of(413) == "Payload too large"
    assert message_of(418) == "The upstream server responded with 418"


@given(st.text(), st.binary(max_size=60))
def test_any_message_and_any_accept_make_an_answer(message: str, accept: bytes) -> None:
    reply = core_error(500, message, ID, accept)
    assert reply.block.endswith(b"\r\n")
    if b"json" in reply.block:
        assert json.loads(reply.body.decode("utf-8", "surrogateescape"))["request_id"] == ID.decode()
