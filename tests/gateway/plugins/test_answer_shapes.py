"""What is read of an answer by its types, and what falls back to the lenient way."""

import msgspec
import pytest

from gateway.plugins._answer_shapes import read_answer, read_usual

USUAL = b'{"choices":[{}],"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3%b}}'


def test_a_usual_answer_is_read_with_its_details() -> None:
    usage = read_usual(USUAL % b',"prompt_tokens_details":{"cached_tokens":1,"audio_tokens":0}').usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (1, 2, 3)
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 1
    assert read_usual(USUAL % b"").usage.completion_tokens_details is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"choices":[],"model":"m"}',
        b'{"choices":[],"model":"m","usage":null}',
        b'{"choices":[],"model":null,"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}',
        b'{"choices":[],"model":"m","usage":{"prompt_tokens":-1,"completion_tokens":2,"total_tokens":1}}',
        b'{"choices":[],"model":"m","usage":{"prompt_tokens":1.5,"completion_tokens":2,"total_tokens":3}}',
    ],
)
def test_an_unusual_answer_is_left_to_the_lenient_way(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_usual(body)


def test_the_lenient_way_takes_any_object() -> None:
    answer = read_answer(b'{"choices":[1],"usage":"odd","model":7}')
    assert (bytes(answer.choices), answer.usage, answer.model) == (b"[1]", "odd", 7)
    assert bytes(read_answer(b"{}").choices) == b""
