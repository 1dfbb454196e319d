"""Whether the gateway is ready, and whether its routes answer: one real, minimal request each, through the gateway.

Not for: starting anything, showing the table (console.py). What a provider's refusal means the provider says itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from quickstart import diagnosis, messages
from quickstart.diagnosis import Told
from quickstart.endpoints import CONTAINER_NAMES
from quickstart.engine_kind import PLAIN
from quickstart.errors import EnvironmentProblem
from quickstart.local_http import Answer, NoAnswer, listens, request
from quickstart.plan import FRONT_DOOR, Plan, RoutePlan, through_the_front_door
from quickstart.runtime import RunStatus

text = messages.text
READY_SECONDS = 30.0
TEST_SECONDS = 90.0
"""A local server that must load its model first takes its time."""
_POLL = 0.03
_MOST_TOKENS = 8
_PROMPT = "Say ok."
_CHAT_ONLY = "chat only"
"""A completions route whose model has no such endpoint: nothing is broken, the chat route is the one to use."""
_WORDS = {
    "ok": "ok",
    "invalid_key": "key refused",
    "other_key": "key refused",
    "no_credit": "no credit",
    "rate_limited": "rate limited",
    "forbidden": "forbidden",
    "region": "forbidden",
    "model_not_found": "no such model",
    "context_too_long": "refused",
    "bad_request": "refused",
    "unavailable": "down",
    "not_llm": "not a model",
}


@dataclass(frozen=True, slots=True)
class RouteHealth:
    """What one request through a route showed. `health` is a word for people: "ok", "down", "no credit", ...;
    "untested" when none was sent. `tokens` and `milliseconds` are None when unknown."""

    name: str
    path: str
    model: str
    upstream: str
    health: str = "untested"
    status: int | None = None
    message: str = ""
    hint: str = ""
    milliseconds: int | None = None
    tokens: int | None = None
    code: str = ""  # of diagnosis.py; "" where nothing is wrong

    @property
    def ok(self) -> bool:
        return self.health in ("ok", _CHAT_ONLY)

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def untested(
    route: RoutePlan, health: str = "untested", message: str = "", hint: str = "", code: str = ""
) -> RouteHealth:
    return RouteHealth(
        route.name, route.path, route.model, route.shown_upstream, health, None, message, hint, code=code
    )


def is_ready(plan: Plan, timeout: float = 2.0) -> bool:
    """Whether the gateway's status listener says that it serves its configuration."""
    try:
        return request(plan.bind, plan.ports["status"], "GET", "/status/ready", timeout=timeout).status == 200
    except NoAnswer:
        return False


def wait_ready(
    plan: Plan,
    status: Callable[[], RunStatus],
    seconds: float = READY_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns once the gateway is ready. Raises EnvironmentProblem as soon as it is clear that it will not be."""
    deadline = clock() + seconds
    while not is_ready(plan):
        now = status()
        if now.crashed or now.restarts:
            raise EnvironmentProblem(text("start.crashed", reason=now.crashed or text("start.crash")))
        if clock() >= deadline:
            raise EnvironmentProblem(text("start.late", seconds=f"{seconds:g}"))
        sleep(_POLL)


def prove(plan: Plan, clock: Callable[[], float] = time.monotonic) -> Iterator[RouteHealth]:
    """One request per route, in the plan's order; each result as soon as it is there. Last comes the front door, which
    is asked for a model that answers; where none does there is nothing to learn from it."""
    well: list[RoutePlan] = []
    for route in plan.routes:
        found = probe(plan, route, clock)
        yield found
        if found.ok and route.operation == "chat":
            well.append(route)
    for chat in plan.chats[:1]:
        yield (
            probe(plan, through_the_front_door(well[0]), clock, model=well[0].public)
            if well
            else untested(through_the_front_door(chat))
        )


def probe(
    plan: Plan,
    route: RoutePlan,
    clock: Callable[[], float] = time.monotonic,
    timeout: float = TEST_SECONDS,
    model: str = "",
) -> RouteHealth:
    """Sends one minimal request through the gateway and says what came of it. `model`: what it names, "" = none."""
    started = clock()
    try:
        answer = _ask(plan, route, timeout, "max_tokens", model)
        if answer.status == 400 and b"max_completion_tokens" in answer.body:
            answer = _ask(
                plan, route, timeout, "max_completion_tokens", model
            )  # newer OpenAI models know only this name
    except NoAnswer as error:
        return untested(route, "down", text("proof.no_answer", reason=error), text("proof.see_logs"))
    milliseconds = round((clock() - started) * 1000)
    found = judge(route, answer)
    return RouteHealth(
        route.name, route.path, route.model, route.shown_upstream, found.health, answer.status, found.message,
        found.hint, milliseconds, _tokens(answer) if found.health == "ok" else None, found.code,
    )  # fmt: skip


def _ask(plan: Plan, route: RoutePlan, timeout: float, limit: str, model: str) -> Answer:
    asked: dict[str, Any] = (
        {"prompt": _PROMPT}
        if route.operation == "completions"
        else {"messages": [{"role": "user", "content": _PROMPT}]}
    )
    if model:
        asked["model"] = model
    body = json.dumps(asked | {limit: _MOST_TOKENS}).encode()
    return request(plan.bind, plan.ports["proxy"], "POST", route.path, body, timeout=timeout)


class Judged(NamedTuple):
    health: str
    message: str = ""
    hint: str = ""
    code: str = ""


def judge(route: RoutePlan, answer: Answer) -> Judged:
    """What one answer that came through a route says about it."""
    document = _decoded(answer.body)
    if 200 <= answer.status < 300:
        if isinstance(document.get("choices"), list) and document["choices"]:
            return Judged("ok")
        return Judged(
            "not a model", text("proof.no_completion", upstream=route.shown_upstream),
            text("proof.no_completion_do"), "server_wrong",
        )  # fmt: skip
    if "request_id" in document and "message" in document:  # the shape of the gateway's own errors
        return _own_error(route, answer.status, document)
    if route.operation == "completions" and answer.status in (400, 404) and b"chat model" in answer.body.lower():
        return Judged(
            _CHAT_ONLY, text("proof.chat_only", model=route.model), text("proof.chat_only_do", public=route.public)
        )
    provider = _provider(route)
    found = provider.diagnose(answer.status, answer.body)
    told = diagnosis.of_refusal(provider, found, answer.status)
    word = _WORDS.get(found.kind, "error")
    if word == "ok":  # an error status is never well, whatever its body says
        word = "error"
    return Judged(word, told.message, told.hint, told.code)


_UPSTREAM = {
    "upstream_refused": "refused", "upstream_dns": "dns", "upstream_unreachable": "offline",
    "upstream_connect_timeout": "silent", "upstream_timeout": "silent", "upstream_tls": "tls_untrusted",
    "upstream_closed": "closed", "upstream_protocol": "server_wrong",
}  # fmt: skip
"""The gateway's own words for why an upstream gave no answer -> codes of diagnosis.py."""
_BY_STATUS = {502: "refused", 503: "dns", 504: "silent"}
_OUTCOMES = {"refused": "refused", "dns": "name", "silent": "timeout", "offline": "unreachable"}


def _own_error(route: RoutePlan, status: int, document: dict[str, Any]) -> Judged:
    message = str(document["message"])
    error = document.get("error")
    said = str(error.get("code", "")) if isinstance(error, dict) else ""
    if status in (502, 503, 504) or said in _UPSTREAM:
        code = _UPSTREAM.get(said) or _BY_STATUS.get(status, "network")
        detail = str(error.get("message", "")) if isinstance(error, dict) else ""
        return _no_answer(route, _of_certificate(detail) if code == "tls_untrusted" else code)
    if status == 404:
        return Judged("error", text("proof.no_route"), text("proof.no_route_do"))
    return Judged("error", text("proof.status", status=status, message=message), text("proof.see_logs"))


def _no_answer(route: RoutePlan, code: str) -> Judged:
    """The gateway got no answer from the upstream."""
    host, port = _target(route.shown_upstream)
    if port and host in ("localhost", "127.0.0.1", "::1"):
        if not listens(host, port):
            told = diagnosis.told("server_gone", url=f"http://{route.shown_upstream}")
            return Judged("down", told.message, told.hint, told.code)
        if _target(route.upstream_url)[0] in CONTAINER_NAMES and code in _OUTCOMES:
            told = _from_the_container(route, _OUTCOMES[code])
            return Judged("down", told.message, told.hint, told.code)
    told = diagnosis.told(code, host=route.shown_upstream, url=f"http://{route.shown_upstream}")
    return Judged("down", told.message, told.hint, told.code)


_TLS_WORDS = (
    ("expired", "tls_expired"), ("not yet valid", "tls_early"), ("mismatch", "tls_name"),
    ("no tls connection", "tls_broken"),
)  # fmt: skip


def _of_certificate(detail: str) -> str:
    """What the gateway says about a failed TLS connection, as a code."""
    return next((code for word, code in _TLS_WORDS if word in detail.lower()), "tls_untrusted")


def _from_the_container(route: RoutePlan, outcome: str) -> Told:
    """This machine reaches the server, the gateway's container does not."""
    from quickstart.reach import bridge, inside

    host, port = _target(route.upstream_url)
    target = inside.Target(route.shown_upstream, host, port, inside.KINDS.get(route.title, "other"))
    found = inside.Inside(outcome, bridge.address_of() or host)
    return inside.verdict(target, found, PLAIN, bridge.installed)


def glance(plan: Plan, last: dict[str, Any], running: bool) -> list[RouteHealth]:
    """What status shows without spending tokens: the last test's result, corrected by whether a server on this machine
    listens. `last`: route name -> RouteHealth.as_document()."""
    found = []
    for route in plan.proved:
        told = last.get(route.name)
        health, message, hint, code = "untested", "", "", ""
        if route.service == FRONT_DOOR:  # it was tested by way of whichever model answered
            route = next((door for door in map(through_the_front_door, plan.chats) if _is_about(told, door)), route)
        if isinstance(told, dict) and _is_about(told, route):
            health, message, hint, code = (str(told.get(name, "")) for name in ("health", "message", "hint", "code"))
        host, port = _target(route.shown_upstream)
        if not running:
            health, message, hint, code = "down", text("proof.stopped"), "ai-gateway start", "gateway_stopped"
        elif port and host in ("localhost", "127.0.0.1", "::1"):
            if not listens(host, port):
                health, message, hint, code = _no_answer(route, "refused")
            elif health == "down":
                health, message, hint, code = "untested", "", "", ""  # it is back since the last test
        found.append(untested(route, health, message, hint, code))
    return found


def _is_about(told: Any, route: RoutePlan) -> bool:
    """Whether a result of earlier is one of this route as it is now."""
    return isinstance(told, dict) and (told.get("model"), told.get("upstream")) == (route.model, route.shown_upstream)


def _provider(route: RoutePlan) -> Any:
    from gateway.providers import get  # only when something went wrong: start must not wait for the import

    try:
        return get(route.provider)
    except KeyError:
        return get("openai")


def _target(shown: str) -> tuple[str, int]:
    """Host and port of an upstream as shown; port 0 when it names none."""
    try:
        parts = urlsplit(shown if "//" in shown else f"//{shown}")
        return parts.hostname or "", parts.port or 0
    except ValueError:
        return "", 0


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _tokens(answer: Answer) -> int | None:
    usage = _decoded(answer.body).get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else None
