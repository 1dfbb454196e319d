"""Ways to count a prompt before it goes up."""

import pytest

from gateway.plugins._prompt_count import METHODS, prompt_counter

BODY = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi there you"}]}


@pytest.mark.parametrize(
    ("name", "count"), [("words", 5), ("characters", 21), ("requests", 1), (None, 5), ("tokens", 5)]
)
def test_each_method_counts(name: str | None, count: float) -> None:
    assert prompt_counter(name)(BODY) == count


@pytest.mark.parametrize("body", [None, [], "x", {"messages": 7}, {"prompt": None}])
def test_a_body_that_is_no_prompt_counts_as_nothing(body: object) -> None:
    assert prompt_counter("words")(body) == 0


def test_what_is_not_known_is_refused_with_what_is() -> None:
    with pytest.raises(ValueError, match=", ".join(METHODS)):
        prompt_counter("return function(request) return 1 end")
