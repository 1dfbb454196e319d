"""What is read of an answer by its types, and what falls back to the lenient way."""

import pytest

from gateway.plugins._answer_shapes import read_answer, usual_usage

USUAL = b'{"choices":[{}],"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3%b}}'


def test_a_usual_answer_is_read_with_its_details() -> None:
    read = usual_usage(USUAL % b',"prompt_tokens_details":{"cached_tokens":1,"audio_tokens":0}')
    assert read is not None
    usage, model = read
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (1, 2, 3)
    assert (usage.cached_tokens, usage.reasoning_tokens, model) == (1, 0, "m")
    reasoned = usual_usage(USUAL % b',"completion_tokens_details":{"reasoning_tokens":2}')
    assert reasoned is not None
    assert reasoned[0].reasoning_tokens == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"choices":{},"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}',
        b'{"choices":[],"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":4}}',
        b'{"choices":[],"model":"m"}',
        b'{"choices":[],"model":"m","usage":null}',
        b'{"choices":[],"model":null,"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}',
        b'{"choices":[],"model":"m","usage":{"prompt_tokens":-1,"completion_tokens":2,"total_tokens":1}}',
        b'{"choices":[],"model":"m","usage":{"prompt_tokens":1.5,"completion_tokens":2,"total_tokens":3}}',
    ],
)
def test_an_unusual_answer_is_left_to_the_lenient_way(body: bytes) -> None:
    assert usual_usage(body) is None


def test_the_lenient_way_takes_any_object() -> None:
    answer = read_answer(b'{"choices":[1],"usage":"odd","model":7}')
    assert (bytes(answer.choices), answer.usage, answer.model) == (b"[1]", "odd", 7)
    assert bytes(read_answer(b"{}").choices) == b""
