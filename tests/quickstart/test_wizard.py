"""Whole conversations: first run, changes from the review, what is in the way, cancelling at every prompt; and whatever
is typed, what comes out is a configuration that the gateway reads, or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rendered import original_routes
from support.setup_parts import CANARY, Screen, World, desk

from gateway.__main__ import main as gateway
from quickstart import preflight, secret_file
from quickstart.answers import Answers, Hosted
from quickstart.discovery import Server
from quickstart.errors import Cancelled, QuickstartError, WentBack
from quickstart.planning import make_plan
from quickstart.preflight import Finding
from quickstart.render import render
from quickstart.review import Earlier
from quickstart.rewinding import Tape
from quickstart.wizard import Decided, Preview, run

START = [("Continue", None), ("control plane", None)]
KEYS = [
    ("key for OpenAI", CANARY),
    ("Model of OpenAI", None),
    ("key for Cohere", ""),
    ("key for Azure", ""),
    ("key for Anthropic", ""),
]
LOCAL = [("Further", []), ("Mistral", False), ("Llama2", False), ("Another model server", False)]
FIRST_RUN = [*START, *KEYS, *LOCAL, ("Apply", "apply")]


def preview(answers: Answers, findings: list[Finding] | None = None) -> Preview:
    plan = make_plan(answers, lambda: False, lambda port: False, "Linux")
    return Preview(plan, render(plan), findings or [])


def converse(
    script: list[tuple[str, Any]], previewer: Any = preview, earlier: Earlier | None = None, **more: Any
) -> tuple[Decided, str]:
    table, prompter, screen = desk(script, **more)
    decided = run(table, previewer, earlier or Earlier())
    assert prompter.script == [], "not everything was asked"
    assert CANARY not in screen.text
    return decided, screen.text


def test_the_first_run_in_the_originals_order() -> None:
    decided, text = converse(FIRST_RUN, environment={"OPENAI_API_KEY": ""}, world=World(servers=[]))
    assert decided.answers.hosted == (Hosted("openai", decided.answers.hosted[0].model, "openai"),)
    assert decided.answers.consent
    assert [route.path for route in decided.preview.plan.routes] == ["/openai/chat", "/openai/completions"]
    for earlier, later in (("Looking around", "API keys"), ("API keys", "Hosted models"), ("Local models", "Review")):
        assert text.index(earlier) < text.index(later)


def test_what_is_here_already_is_told() -> None:
    world = World(
        servers=[Server(7999, "llama.cpp", ("a",)), Server(1, "other", ()), Server(2, "other", (), locked=True)]
    )
    script = [
        *START,
        ("key for OpenAI (enter = use $OPENAI_API_KEY, ****9fQA; - = skip)", "-"),
        *KEYS[2:],
        ("Further", []),
        ("Which of", None),
        ("Public name", "x"),
        ("Another", False),
        ("Apply", None),
    ]
    _, text = converse(script, environment={"OPENAI_API_KEY": CANARY}, world=world)
    assert "OPENAI_API_KEY is set" in text
    assert "llama.cpp on port 7999" in text and "1 model" in text
    assert "no model loaded" in text and "asks for a key" in text


def test_no_consent_nothing_happens() -> None:
    with pytest.raises(Cancelled, match="No key was asked for"):
        converse([("Continue", False)])


def test_konnect_may_be_given_up_for_this_machine() -> None:
    """What Konnect's screen asks is tested in konnect/test_screens.py; here nobody can be reached."""
    given_up = [("Continue", True), ("control plane", "konnect"), ("access token", "kpat_x"), ("What now", "local")]
    decided, text = converse([*given_up, *KEYS, *LOCAL, ("Apply", "apply")])
    assert decided.answers.control_plane == "local" and decided.preview.plan.konnect is None
    assert "kpat_x" not in text


def test_a_control_plane_by_flag_is_not_asked() -> None:
    script = [START[0], *FIRST_RUN[2:]]
    converse(script, flags={"control_plane": "local"})


def test_changing_every_section_from_the_review() -> None:
    script = [
        *FIRST_RUN[:-1],
        ("Apply", "change"),
        ("What should change", "machine"),
        ("How should the gateway run", "process"),
        ("Directory", "/srv/x"),
        ("Port of the proxy", "0"),
        ("Port of the proxy", "8010"),
        *[("Port of the", None)] * 5,
        ("Apply", "change"),
        ("What should change", "hosted"),
        ("enter = keep ****9fQA", ""),
        ("Model of OpenAI", "other"),
        *KEYS[2:],
        ("Further", []),
        ("Apply", "change"),
        ("What should change", "local"),
        *LOCAL[1:],
        ("Apply", "change"),
        ("What should change", "back"),
        ("Apply", "apply"),
    ]
    decided, _ = converse(script)
    plan = decided.preview.plan
    assert (plan.ports["proxy"], plan.output_dir, plan.runtime) == (8010, Path("/srv/x"), "process")
    assert plan.routes[0].model == "other"


def test_cancelling_at_the_review() -> None:
    with pytest.raises(Cancelled):
        converse([*FIRST_RUN[:-1], ("Apply", "cancel")])


@pytest.mark.parametrize("at", range(len(FIRST_RUN)))
def test_interrupting_at_every_prompt(at: int) -> None:
    with pytest.raises(Cancelled):
        converse([*FIRST_RUN[:at], (FIRST_RUN[at][0], Cancelled)])


def test_choosing_nothing_leads_back() -> None:
    script = [
        *START,
        ("OpenAI", ""),
        *KEYS[2:],
        *LOCAL,
        ("built-in", False),
        ("What should change", "local"),
        *LOCAL[1:],
        ("built-in", True),
        ("Apply", None),
    ]
    decided, text = converse(script)
    assert decided.preview.plan.local_model
    assert "nothing to set up" in text


class InTheWay:
    """Findings until the answers avoid them."""

    def __init__(self, findings: list[Finding], avoided: Any) -> None:
        self.findings, self.avoided = findings, avoided

    def __call__(self, answers: Answers) -> Preview:
        return preview(answers, [] if self.avoided(answers) else self.findings)


PORT = Finding("port", "Port 8000 (proxy) is in use by python3 (pid 4242).", "", "proxy", 8000, 8010)
MODEL = Finding("port", "Port 7999 (model) is in use.", "", "model", 7999, 8001)
ENGINE = Finding("engine", "Docker is installed but not running.", "sudo systemctl start docker", reason="stopped")
OUTPUT = Finding("output", "/tmp/kong belongs to another user.", "")


@pytest.mark.parametrize(
    ("finding", "questions", "avoided", "field", "value"),
    [
        (PORT, [("Which port should the proxy", None)], lambda a: a.proxy_port != 8000, "proxy_port", 8010),
        (MODEL, [("Which port should the model", "70000"), ("Which port", "9999")],
         lambda a: a.local_model_port != 7999, "local_model_port", 9999),
        (ENGINE, [("What now", "retry"), ("What now", "process")], lambda a: a.runtime == "process", "runtime",
         "process"),
        (OUTPUT, [("Directory", "/srv/mine")], lambda a: a.output_dir != Answers().output_dir, "output_dir",
         Path("/srv/mine")),
    ],
)  # fmt: skip
def test_what_is_in_the_way_is_asked_about(
    finding: Finding, questions: list[tuple[str, Any]], avoided: Any, field: str, value: object
) -> None:
    decided, text = converse([*FIRST_RUN[:-1], *questions, ("Apply", None)], InTheWay([finding], avoided))
    assert getattr(decided.answers, field) == value
    assert finding.message.split()[0] in text


def test_what_no_answer_helps_ends_it() -> None:
    full = InTheWay([Finding("disk", "The disk is full.", "Make room.")], lambda a: False)
    with pytest.raises(QuickstartError, match="disk is full"):
        converse(FIRST_RUN[:-1], full)
    with pytest.raises(Cancelled):
        converse([*FIRST_RUN[:-1], ("What now", "quit")], InTheWay([ENGINE], lambda a: False))


def test_a_second_run_with_nothing_new_says_so() -> None:
    first, _ = converse(FIRST_RUN)
    seen = first.preview
    earlier = Earlier(seen.plan, seen.rendered.kong_yml, seen.rendered.kong_env, first.answers.secrets)
    script = [*START, ("enter = keep ****9fQA", ""), ("Model of OpenAI", None), *KEYS[2:], *LOCAL]  # and no "Apply?"
    saved = replace(first.answers, secrets={})
    decided, text = converse(script, earlier=earlier, saved=saved, secrets=first.answers.secrets)
    assert "Nothing to change." in text
    assert decided.preview.rendered == seen.rendered


JUNK = st.text(max_size=30) | st.sampled_from(
    [
        "localhost:7999",
        "https://x.example/v1",
        "{{ 7*7 }}",
        "'; rm -rf /",
        "a: b\n- c",
        "\x1b[31m",
        "~" * 9,
        "日本",
        "${X}",
    ]
)


MARK = "k3yk3y"


class Typist:
    """Answers every question with the next junk; gives up where a prompt keeps refusing."""

    def __init__(self, junk: list[str]) -> None:
        self.junk = junk
        self.turn = 0

    def next(self) -> str:
        self.turn += 1
        if self.turn > 120:
            raise Cancelled()
        return self.junk[self.turn % len(self.junk)]

    def confirm(self, question: str, default: bool = True) -> bool:
        return "Continue" in question or len(self.next()) % 3 == 1

    def text(self, question: str, default: str = "", validate: Any = None, proposals: Any = ()) -> str:
        for _ in range(3):
            typed = self.next().strip()
            if not (validate and validate(typed)):
                return typed
        if validate and validate(default):
            raise Cancelled()
        return default

    def secret(self, question: str) -> str:
        return f"{MARK}{self.next()}"

    def select(self, question: str, choices: Any, default: str = "") -> str:
        return "local" if "control plane" in question else "apply" if "Apply" in question else str(choices[-1].value)

    def checkbox(self, question: str, choices: Any) -> list[str]:
        return [choice.value for index, choice in enumerate(choices) if (index + len(self.next())) % 4 == 0]


class Wanderer(Typist):
    """Goes back now and then, as the junk has it."""

    def next(self) -> str:
        typed = super().next()
        if len(typed) % 7 == 5:
            raise WentBack()
        return typed


@given(st.lists(JUNK, min_size=1, max_size=12), st.sampled_from([Typist, Wanderer]))
@settings(max_examples=100, deadline=None)
def test_whatever_is_typed_renders_to_what_the_gateway_takes_or_to_nothing(
    tmp_path_factory: pytest.TempPathFactory, junk: list[str], typist: type[Typist]
) -> None:
    table, _, screen = desk(world=World(servers=[Server(7999, "llama.cpp", ("m",))]), screen=Screen())
    tape = Tape(typist(junk), table.eyes, screen.console)
    talking = replace(table, prompter=tape, eyes=tape.eyes)
    try:
        decided = tape.converse(
            lambda: run(talking, lambda answers: tape.look("preview", lambda: preview(answers)), Earlier())
        )
    except QuickstartError:
        return
    text = decided.preview.rendered.kong_yml
    for _, route in original_routes(text):
        assert route["plugins"][0]["config"]["model"]["name"].strip()
    assert MARK not in text
    folder = tmp_path_factory.mktemp("typed")
    (folder / "kong.yml").write_text(text)
    (folder / "secrets.env").write_text(secret_file.render(decided.preview.plan.secrets))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KONG_VAULT_ENV_FILE", str(folder / "secrets.env"))
        assert gateway(["check", str(folder / "kong.yml")]) == 0


def test_findings_have_the_words_the_wizard_knows() -> None:
    assert {"port", "engine", "output", "disk"} == {
        word for word in ("port", "engine", "output", "disk") if hasattr(preflight, f"check_{word}")
    }
