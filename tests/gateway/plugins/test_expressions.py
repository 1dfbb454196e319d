"""$(headers.x) and its relatives: the forms that are documented, and a clear word for everything else."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exchange import Gateway

from gateway.plugins._expressions import Environment, ExpressionError, compiled

ROUTE = {"name": "r", "paths": [r"~/u/(?<id>[^/]+)"]}
ROUTES = {"services": [{"name": "s", "url": "http://u.test", "routes": [ROUTE]}]}


def environment(
    target: str = "/u/ada?user=me&user=you&user-id=7&flag", headers: dict[str, str] | None = None
) -> Environment:
    exchange = Gateway(ROUTES).exchange("GET", target, headers or {"X-Name": "Ada", "X_Under": "u"})
    exchange.start()
    return Environment(exchange)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$(headers.x_name)", "Ada"),
        ('$(headers["x-name"])', "Ada"),
        ("$(headers['X-Name'])", "Ada"),
        ("$(headers.x_under)", "u"),
        ("a $(headers.x_name) b $(query_params.user) c", "a Ada b me c"),
        ('$(query_params["user-id"])', "7"),
        ("$(query_params.flag)", ""),
        ("$(uri_captures.id)", "ada"),
        ('$(uri_captures["id"])', "ada"),
        ("$(headers.absent)", ""),
        ("$(headers.absent or query_params.user)", "me"),
        ('$(headers.absent or uri_captures["none"] or "nobody")', "nobody"),
        ("$(headers.absent or 'no body')", "no body"),
        ("$( headers.x_name )", "Ada"),
        ('$("$(headers.x_name)")', "$(headers.x_name)"),
        ("$x (y) $", "$x (y) $"),
        ("100$", "100$"),
    ],
)
def test_documented_forms(text: str, rendered: str) -> None:
    assert compiled(text).render(environment()) == rendered


@pytest.mark.parametrize(
    "text",
    [
        "$(os.execute('x'))",
        "$(headers)",
        "$(headers.)",
        "$(headers.x",
        "$()",
        "$(headers.x .. 'a')",
        "$(headers.x:upper())",
        "$((function() return 1 end)())",
        "$(shared.x)",
        "$(headers.x or)",
        "$(headers.x headers.y)",
        "$(uri_captures[1])",
        '$(headers["a)',
        "ok $(headers.x) bad $(1+1)",
    ],
)
def test_everything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compiled(text)
    assert text in str(refused.value)
    assert "Lua code is not run" in str(refused.value)


def test_a_value_is_cleaned_and_the_configured_text_is_not() -> None:
    assert compiled("/a?b=$(headers.x_name)").render(environment(), str.upper) == "/a?b=ADA"


def test_what_other_plugins_set_is_seen() -> None:
    exchange = Gateway(ROUTES).exchange("GET", "/u/a")
    exchange.start()
    exchange.set_request_header(b"X-Consumer-Username", b"alice")
    assert compiled("$(headers.x_consumer_username)").render(Environment(exchange)) == "alice"


def test_only_configured_text_is_an_expression() -> None:
    seen = environment(headers={"X-Name": "$(headers.x_name)"})
    assert compiled("$(headers.x_name)").render(seen) == "$(headers.x_name)"


@given(st.text(alphabet="$(){}[]\"'. orheadsx", max_size=60))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    try:
        compiled(text).render(environment())
    except ExpressionError:
        pass


def test_compiling_takes_linear_time() -> None:
    started = time.process_time()
    compiled("$(headers.x or " + '"a" or ' * 20_000 + '"b")' + "$" * 100_000)
    with pytest.raises(ExpressionError):
        compiled("$(" + " " * 100_000 + "x")
    assert time.process_time() - started < 6
