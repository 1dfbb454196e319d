"""What changes is told by name; keys are compared and never shown."""

from __future__ import annotations

from dataclasses import replace

from support.example_answers import EVERYTHING, LOCALS, SECRETS
from support.reconciling import edited

from quickstart.answers import Answers
from quickstart.plan import Plan
from quickstart.planning import make_plan
from quickstart.reconcile.proposal import Wish, propose
from quickstart.reconcile.rows import read
from quickstart.reconcile.situation import Situation
from quickstart.render import render
from quickstart.review import Change, Earlier, Review, compare, unified


def plan_of(answers: Answers) -> Plan:
    return make_plan(answers, lambda: False, lambda port: False, "Linux")


BEFORE = plan_of(EVERYTHING)
EARLIER = Earlier(BEFORE, render(BEFORE).kong_yml, render(BEFORE).kong_env, dict(SECRETS))


def review(answers: Answers) -> Review:
    plan = plan_of(answers)
    return compare(plan, render(plan), EARLIER)


def test_nothing_to_change() -> None:
    same = review(EVERYTHING)
    assert same.nothing and same.unchanged == len(BEFORE.routes)


def test_the_first_time_everything_is_new() -> None:
    first = compare(BEFORE, render(BEFORE), Earlier())
    assert {change.mark for change in first.changes} == {"+"}
    assert len(first.changes) == len(BEFORE.routes)


def test_another_model_and_another_url() -> None:
    moved = replace(LOCALS[0], url="localhost:8081", model="m2")
    found = review(replace(EVERYTHING, local=(moved, *LOCALS[1:])))
    assert Change("~", "/mistral/chat", "model", LOCALS[0].model, "m2") in found.changes
    assert Change("~", "/mistral/chat", "upstream", "localhost:7999", "localhost:8081") in found.changes
    assert any(line.startswith("+") and "8081" in line for line in found.diff)


def test_added_and_removed() -> None:
    found = review(replace(EVERYTHING, hosted=EVERYTHING.hosted[:1], local=LOCALS[2:], builtin_model=False))
    removed = {change.name for change in found.changes if change.mark == "-"}
    assert {"/local/chat", "/mistral/chat", "/groq/chat"} <= removed
    assert not {"/openai/chat", "/lan/chat"} & removed


def test_another_key_is_told_without_showing_either() -> None:
    found = review(replace(EVERYTHING, secrets={**SECRETS, "OPENAI_AUTH_HEADER": "Bearer sk-canary-new"}))
    assert found.changes == (Change("~", "OPENAI_AUTH_HEADER", "key", "", "another key"),)
    assert "canary" not in repr(found)


def test_machine_changes() -> None:
    found = review(replace(EVERYTHING, proxy_port=8010, runtime="docker", workers=2))
    told = {(change.name, change.field, change.new) for change in found.changes}
    assert {("proxy", "port", "8010"), ("gateway", "runtime", "docker"), ("gateway", "workers", "2")} <= told


def test_an_option_alone() -> None:
    plan = plan_of(EVERYTHING)
    route = replace(plan.routes[0], options={"max_tokens": 5})
    found = compare(replace(plan, routes=(route, *plan.routes[1:])), render(plan), EARLIER)
    assert found.changes == (Change("~", route.path, "max_tokens", "", "5"),)


def test_a_file_changed_by_hand_shows_in_the_diff() -> None:
    edited = replace(EARLIER, kong_yml=EARLIER.kong_yml.replace("gpt-6-luna", "edited"))
    found = compare(BEFORE, render(BEFORE), edited)
    assert not found.nothing and found.changes == ()
    assert unified("a\n", "b\n")[0] == "--- kong.yml (now)"


def test_with_what_runs_known_the_diff_is_of_that_and_edits_are_told() -> None:
    rendered = render(BEFORE)
    base = read(rendered.kong_yml, "rendered")
    running = edited(base, "services", "openai-api", retries=2)
    situation = Situation(running, True, base=base)
    same = compare(BEFORE, rendered, EARLIER, propose(situation, rendered.kong_yml))
    assert same.nothing and same.kept == ("service openai-api: retries 5 -> 2",)
    plan = plan_of(replace(EVERYTHING, local=(replace(LOCALS[0], model="m2"), *LOCALS[1:])))
    other = compare(plan, render(plan), EARLIER, propose(situation, render(plan).kong_yml))
    assert not other.nothing and not other.restarts and other.kept == same.kept
    assert not [line for line in other.diff if "retries" in line]
    dropped = compare(BEFORE, rendered, EARLIER, propose(situation, rendered.kong_yml, Wish(overwrite=True)))
    assert dropped.dropped == same.kept and "-  retries: 2" in dropped.diff
    moved = replace(BEFORE, ports={**BEFORE.ports, "proxy": 1})
    assert compare(moved, rendered, EARLIER).restarts


def test_another_way_out_is_told_without_passwords() -> None:
    def behind(user: str, host: str = "proxy.corp", sum_: str = "aa") -> Plan:
        url = f"http://{user}@{host}:3128"
        return replace(
            BEFORE, forward_proxy=f"{host}:3128", ca_file="/ca.pem", ca_sum=sum_,
            secrets={**BEFORE.secrets, "HTTPS_PROXY": url},
        )  # fmt: skip

    def told(now: Plan, before: Plan) -> Review:
        earlier = Earlier(before, EARLIER.kong_yml, EARLIER.kong_env, before.secrets)
        return compare(now, render(now), earlier)

    first = told(behind("me:one"), BEFORE)
    assert Change("~", "gateway", "forward proxy", "-", "proxy.corp:3128") in first.changes
    assert Change("~", "gateway", "certificates", "system", "/ca.pem") in first.changes and first.restarts
    other = told(behind("me:two"), behind("me:one"))
    assert [(change.field, change.new) for change in other.changes] == [
        ("forward proxy", "another user name or password")
    ]
    assert not other.restarts, "the workers read it themselves"
    moved = told(behind("me:two", "new.corp"), behind("me:one"))
    assert [change.new for change in moved.changes] == ["new.corp:3128"]
    renewed = told(behind("me:one", sum_="bb"), behind("me:one"))
    assert renewed.changes == (Change("~", "gateway", "certificates", "/ca.pem (aa)", "/ca.pem (bb)"),)
    gone = told(BEFORE, behind("me:one"))
    assert Change("~", "gateway", "forward proxy", "proxy.corp:3128", "-") in gone.changes
    assert "me:" not in repr([first, other, moved, renewed, gone])
