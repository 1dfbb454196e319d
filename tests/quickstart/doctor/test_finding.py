"""A finding says what its code says, in one form for people and one for programs."""

from __future__ import annotations

import json

from quickstart.doctor.finding import found


def test_a_finding_has_the_words_of_its_code() -> None:
    made = found("gateway", "bad", "gateway_stopped", "mine")
    assert (made.message, made.remedy) == ("The gateway does not run.", "ai-gateway start")
    told = json.loads(json.dumps(made.as_document()))
    assert told["code"] == "gateway_stopped" and set(told) == {"check", "mark", "code", "message", "remedy", "subject"}
