"""One run of setup from beginning to end, with everything that touches the world handed in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.setup_parts import CANARY, Screen, World, machine

from quickstart.answers import Answers
from quickstart.console import Console, Mode
from quickstart.container_spec import Engine
from quickstart.diagnosis import Told
from quickstart.errors import Cancelled, PortTaken, ProviderUnhealthy, UsageError
from quickstart.files import Places
from quickstart.health import RouteHealth
from quickstart.launch import LaunchResult
from quickstart.plan import Plan
from quickstart.prompter import Prompter, ScriptedPrompter
from quickstart.setup import Choices, Setup, read_answers


@dataclass
class Stage:
    """Where a run happens; `applied` holds what would have been carried out."""

    home: Path
    world: World = field(default_factory=World)
    taken: dict[int, str] = field(default_factory=dict)
    engine: Engine | None = None
    troubles: list[Told] = field(default_factory=list)  # what keeps a container from servers of this machine
    health: str = "ok"
    applied: list[tuple[Plan, Answers, bool]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def run(
        self, script: list[tuple[str, Any]] | None = None, environment: Mapping[str, str] | None = None,
        mode: Mode = "human", dry_run: bool = False, answers_file: str = "", **flags: Any,
    ) -> Screen:  # fmt: skip
        screen = Screen(mode)

        def prompter(environment: Mapping[str, str]) -> Prompter:
            self.order.append("prompter")
            return ScriptedPrompter(script or [])

        def apply(
            plan: Plan,
            answers: Answers,
            console: Console,
            places: Places,
            environ: Mapping[str, str],
            test: bool,
            **more: Any,
        ) -> LaunchResult:
            self.applied.append((plan, answers, test))
            routes = tuple(RouteHealth(r.name, r.path, r.model, r.shown_upstream, self.health) for r in plan.routes)
            return LaunchResult(("configuration",), False, routes)

        def eyes(environment: Mapping[str, str], ours: frozenset[int]) -> Any:
            self.order.append("eyes")
            return self.world.eyes()

        places = Places.from_environment({"HOME": str(self.home)})
        setup = Setup(
            environment or {}, places, screen.console, prompter, eyes,
            lambda places, environ: replace(
                machine(self.home, self.taken, self.engine), ways=lambda plan: self.troubles
            ), apply,
        )  # fmt: skip
        flags.setdefault("output_dir", str(self.home / "out"))
        setup.run(flags, Choices(script is None, dry_run, answers_file))
        return screen


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_without_questions_a_key_becomes_a_gateway(stage: Stage) -> None:
    screen = stage.run(environment={"OPENAI_API_KEY": CANARY}, mode="plain", test=False)
    (plan, _, test), *_ = stage.applied
    assert (plan.runtime, test) == ("process", False)
    assert plan.secrets == {"OPENAI_AUTH_HEADER": f"Bearer {CANARY}"}
    assert "prompter" not in stage.order
    assert screen.out.getvalue().startswith("setup: openai ok model=")
    assert CANARY not in screen.text


FIRST = [
    ("Continue", None), ("control plane", None), ("OpenAI", CANARY), ("Model", None), ("Cohere", ""), ("Azure", ""),
    ("Anthropic", ""), ("Further", []), ("Mistral", False), ("Llama2", False), ("Another", False), ("Apply", "apply"),
]  # fmt: skip


def test_with_questions(stage: Stage) -> None:
    screen = stage.run(FIRST)
    assert len(stage.applied) == 1
    assert stage.order == ["prompter", "eyes"], "a missing terminal must be found before anything is looked at"
    for words in ("Review", "Ready", "Try it", "curl -s localhost:8000/openai/chat"):
        assert words in screen.text
    assert CANARY not in screen.text


def test_cancelling_applies_nothing(stage: Stage) -> None:
    with pytest.raises(Cancelled):
        stage.run([*FIRST[:-1], ("Apply", "cancel")])
    assert stage.applied == []


@pytest.mark.parametrize("script", [None, FIRST], ids=["yes", "asked"])
def test_a_dry_run_applies_nothing(stage: Stage, script: list[tuple[str, Any]] | None) -> None:
    screen = stage.run(script, {"OPENAI_API_KEY": CANARY} if script is None else {}, dry_run=True)
    assert stage.applied == []
    assert screen.text.count("Review") == 1
    assert "Dry run: nothing was changed." in screen.text
    assert list(stage.home.iterdir()) == []


def test_a_dry_run_for_programs(stage: Stage) -> None:
    screen = stage.run(mode="json", dry_run=True, local=("mistral=localhost:7999#m",))
    told = json.loads(screen.out.getvalue())
    assert told["routes"][0]["path"] == "/mistral/chat"
    assert yaml.safe_load(told["kong_yml"])["services"][0]["name"] == "mistral-api"


def test_a_taken_port_ends_an_unattended_run_and_names_its_owner(stage: Stage) -> None:
    stage.taken = {8000: "python3 (pid 4242)"}
    with pytest.raises(PortTaken, match=r"8000.*python3"):
        stage.run()
    assert stage.applied == []
    stage.run(proxy_port="8010")
    assert stage.applied[0][0].ports["proxy"] == 8010


def test_strict_exits_with_five(stage: Stage) -> None:
    stage.health = "no credit"
    stage.run()
    with pytest.raises(ProviderUnhealthy, match="1 of 1") as unhealthy:
        stage.run(strict=True)
    assert unhealthy.value.exit_code == 5
    assert len(stage.applied) == 2, "what answers is set up all the same"


@pytest.mark.parametrize(
    ("engine", "closed", "runtime"),
    [(None, False, "process"), (Engine("27"), False, "docker"), (Engine("27", shares_network=False), True, "process")],
)
def test_the_runtime_follows_the_engine(stage: Stage, engine: Engine | None, closed: bool, runtime: str) -> None:
    stage.engine = engine
    if closed:  # the built-in model is on loopback, where an engine in a virtual machine has no way to it
        stage.run()
    else:
        stage.run(environment={"OPENAI_API_KEY": CANARY})
    assert stage.applied[0][0].runtime == runtime


def test_an_answers_file_replaces_the_saved_answers(stage: Stage) -> None:
    file = stage.home / "mine.yaml"
    file.write_text("local:\n- {public: mine, url: 'localhost:1', model: m}\nproxy_port: 8020\n")
    stage.run(answers_file=str(file))
    plan = stage.applied[0][0]
    assert (plan.routes[0].path, plan.ports["proxy"]) == ("/mine/chat", 8020)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", r"not YAML \(line"),
        ("- 1", "one mapping"),
        ("colour: red", "not an answer"),
        ("proxy_port: x", "proxy_port"),
    ],
)
def test_answers_that_cannot_be_read(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(content)
    with pytest.raises(UsageError, match=said) as refused:
        read_answers(file, True)
    assert str(file) in refused.value.message


def test_missing_answers(tmp_path: Path) -> None:
    assert read_answers(tmp_path / "none", False) is None
    with pytest.raises(UsageError, match="no file"):
        read_answers(tmp_path / "none", True)


TROUBLE = Told("reach_firewall", "the container does not reach localhost:7999", "1. open the firewall")


def test_a_container_that_reaches_no_server_gives_way_to_a_process(stage: Stage) -> None:
    stage.engine, stage.troubles = Engine("27"), [TROUBLE]
    stage.run(environment={"OPENAI_API_KEY": CANARY})
    plan = stage.applied[0][0]
    assert plan.runtime == "process" and plan.because[0] == TROUBLE.message


def test_a_container_that_was_asked_for_is_made_and_what_is_in_the_way_is_said(stage: Stage) -> None:
    stage.engine, stage.troubles = Engine("27"), [TROUBLE]
    screen = stage.run(environment={"OPENAI_API_KEY": CANARY}, runtime="docker")
    assert stage.applied[0][0].runtime == "docker"
    assert TROUBLE.message in screen.text and TROUBLE.hint in screen.text


def test_where_the_usual_directory_is_not_ours_one_at_home_is_taken(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(usual: Path, home: Path) -> tuple[Path, str]:
        return home / "ai-gateway", f"{usual} belongs to another user."

    monkeypatch.setattr("quickstart.preflight.elsewhere", elsewhere)
    stage.run(environment={"OPENAI_API_KEY": CANARY})
    assert stage.applied[-1][0].output_dir == stage.home / "out", "what was said is not asked about"
    screen = stage.run(environment={"OPENAI_API_KEY": CANARY}, output_dir=None)
    plan, answers, _ = stage.applied[-1]
    assert plan.output_dir == answers.output_dir == stage.home / "ai-gateway"
    assert "belongs to another user" in screen.text and "kong.yml and kong.env go to" in screen.text
