"""Lines of the access log as values: as the gateway writes them, and anything else that may stand there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.log_lines import ID, LINE, a_line

from quickstart.logbook.entries import entry, is_about, is_called, is_request_id


def test_a_request_as_the_gateway_writes_it() -> None:
    found = entry(LINE)
    assert found is not None
    assert (found.status, found.path, found.model, found.request_id) == (200, "/mistral/chat", "mistral-7b", ID)
    assert (found.prompt, found.completion, found.tokens, found.milliseconds) == (17, 205, 222, 1900.4)
    assert not found.problem and not found.aborted and not found.estimated


def test_why_it_failed_is_the_transports_word_or_the_providers() -> None:
    refused = entry(a_line(status=502, upstream_error="refused: Connection refused"))
    told = entry(a_line(status=401, error="OpenAI rejected the key (401)"))
    assert refused is not None and refused.problem == "refused: Connection refused"
    assert told is not None and told.problem == "OpenAI rejected the key (401)"


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")) | st.text().map(lambda text: '{"time":' + text))
def test_any_other_line_is_no_request(line: str) -> None:
    assert entry(line) is None


def test_an_id_is_named_by_its_end_or_its_beginning() -> None:
    found = entry(LINE)
    assert found is not None
    for word in (ID, ID[-8:], ID[:8], ID[-8:].upper()):
        assert is_request_id(word) and is_called(found, word), word
    assert not is_called(found, ID[3:9])
    assert not any(map(is_request_id, ("", "abc", "mistral", "abcg1234", "0" * 33)))


def test_what_a_request_is_about() -> None:
    found = entry(LINE)
    assert found is not None
    for word in ("mistral", "/mistral", "/mistral/chat", "mistral/chat", "mistral-api_mistral-chat"):
        assert is_about(found, word), word
    door = entry(a_line(path="/v1/chat/completions"))
    assert door is not None and is_about(door, "front-door") and not is_about(door, "v1")
    for word in ("mist", "chat", "/mistral/c", "openai"):
        assert not is_about(found, word), word
