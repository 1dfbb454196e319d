"""What plugins change about a request body; headers and lines are in test_exchange.py and test_outbound_rewrite.py."""

from support.exchange import Gateway, proxied


def test_bytes_replace_whatever_was_decoded() -> None:
    exchange = Gateway(proxied()).exchange("POST", "/", {}, {"a": 1})
    assert exchange.document() == {"a": 1}
    exchange.replace({"a": 2})
    assert exchange.raw_body() == b'{"a":2}'
    exchange.replace_body(b'{"b":3}')
    assert (exchange.document(), exchange.raw_body(), exchange.changed) == ({"b": 3}, b'{"b":3}', False)
    exchange.replace_body(b"words")
    assert exchange.document() is None


def test_what_was_not_changed_keeps_its_bytes() -> None:
    exchange = Gateway(proxied()).exchange("POST", "/", {}, b'{ "a" : 1.0 }')
    exchange.document()
    assert exchange.raw_body() == b'{ "a" : 1.0 }'
