"""Expressions in a model's name and options."""

from typing import Any

import pytest
from support.exchange import Gateway

from gateway.exchange import Exchange
from gateway.plugins._model_template import Template, TemplateError


def exchange(target: str = "/azure/d-1/chat?model=m%201", **headers: str) -> Exchange:
    route = {"name": "r", "paths": ["~/azure/(?<deployment>[^/]+)/chat$"]}
    made = Gateway({"services": [{"name": "s", "url": "http://up.test", "routes": [route]}]})
    found = made.exchange("POST", target, headers)
    found.start()
    return found


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$(headers.x-model)", "h-1"),
        ("$(headers.x_model)", "h-1"),
        ("$(uri_captures.deployment)", "d-1"),
        ("pre-$(query_params.model)-post", "pre-m 1-post"),
    ],
)
def test_each_source_fills_in(text: str, filled: str) -> None:
    template = Template.of(text, {})
    assert template is not None
    assert template.fill(exchange(**{"X-Model": "h-1"}))[0] == filled


def test_options_are_filled_in_too_and_other_values_stay() -> None:
    template = Template.of("m", {"a": {"b": "$(uri_captures.deployment)"}, "max_tokens": 5})
    assert template is not None
    assert template.fill(exchange()) == ("m", {"a": {"b": "d-1"}, "max_tokens": 5})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$(headers.nope)", "headers key nope was not provided"),
        ("$(query_params.nope)", "query_params key nope was not provided"),
        ("$(uri_captures.nope)", "uri_captures key nope was not provided"),
        ("$(env.HOME)", "source 'env' is not supported"),
        ("$(headers)", "cannot parse expression for field '$(headers)'"),
        ("$(headers.x", "cannot parse expression for field '$(headers.x'"),
    ],
)
def test_what_cannot_be_filled_in_says_why(text: str, message: str) -> None:
    template = Template.of(text, {})
    assert template is not None
    with pytest.raises(TemplateError) as caught:
        template.fill(exchange())
    assert str(caught.value) == message


@pytest.mark.parametrize("options", [{}, {"a": 1, "b": {"c": "plain"}}])
def test_nothing_to_fill_in_is_no_template(options: dict[str, Any]) -> None:
    assert Template.of("gpt-6-luna", options) is None
    assert Template.of(None, options) is None
