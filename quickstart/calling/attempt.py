"""One route asked one question: the pieces of its answer, and afterwards what people are told about it.

Not for: the request (chat.py), printing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quickstart import health
from quickstart.calling import limits
from quickstart.calling.chat import KEY, Told, chat
from quickstart.calling.limits import Limit
from quickstart.calling.live_routes import LiveRoute, ask
from quickstart.errors import QuickstartError
from quickstart.local_http import NoAnswer
from quickstart.logbook.entries import SHORT_ID
from quickstart.messages import text
from quickstart.plan import Plan

_LIMITER = "ai-rate-limiting-advanced"


@dataclass
class Attempt:
    """`told` is what came; `silent` why there is no answer at all."""

    plan: Plan
    route: LiveRoute
    prompt: str
    environ: Mapping[str, str] = field(repr=False)
    most: int = 0
    told: Told = field(default_factory=Told)
    silent: str = ""
    estimated: bool = False  # the provider did not say what it used: the gateway estimated it

    @property
    def ok(self) -> bool:
        return self.told.ok and not self.silent

    @property
    def title(self) -> str:
        """`/openai/chat  gpt-6-luna`, the model as the answer names it."""
        return f"{self.route.path}  {self.told.model or self.route.model or self.route.title}"

    def pieces(self) -> Iterator[str]:
        """Text as it comes, safe for a terminal. Never raises NoAnswer: `ok` is False then."""
        try:
            for piece in chat(self.plan, self.route, self.prompt, self.told, self.environ, most=self.most):
                yield "".join(c for c in piece if c.isprintable() or c in "\n\t")
        except NoAnswer as error:
            if self.told.headers:
                self.told.broken = str(error)
            else:
                self.silent = str(error)
        if self.ok and self.told.prompt is None and self.told.request_id:
            self._ask_what_it_used()

    def _ask_what_it_used(self) -> None:
        """Some providers never say it in streams; the gateway has counted it all the same."""
        try:
            status, body = ask(self.plan, self.environ, "manager", f"/manager/requests/{self.told.request_id}")
            found = json.loads(body) if status == 200 else {}
        except (QuickstartError, ValueError):
            return
        self.told.prompt, self.told.completion = found.get("prompt_tokens"), found.get("completion_tokens")
        self.estimated = found.get("estimated") is True

    def run(self) -> None:
        """All of it, for those who want the whole answer."""
        for _ in self.pieces():
            pass

    def left(self) -> list[Limit]:
        """What limits leave now: a stream's headers left before it was counted."""
        found = limits.limits(self.told.headers)
        streamed = self.told.headers.get("content-type", "").startswith("text/event-stream")
        if not any(limit.whose == "gateway" and limit.unit == "tokens" for limit in found):
            return found
        strategy = self._strategy()
        if streamed and self.ok:
            found = limits.after(found, strategy, self.told.prompt or 0, self.told.completion or 0)
        return limits.in_money(found) if strategy == "cost" else found

    def _strategy(self) -> str:
        """How the gateway counts tokens: its plugins say so; "" where they differ or cannot be asked."""
        try:
            status, body = ask(self.plan, self.environ, "admin", "/plugins?size=1000")
            rows = json.loads(body)["data"] if status == 200 else []
            found = {row["config"]["tokens_count_strategy"] for row in rows if row["name"] == _LIMITER}
        except (QuickstartError, ValueError, KeyError, TypeError):
            return ""
        return str(found.pop()) if len(found) == 1 else ""

    def summary(self) -> str:
        """`17 in, 205 out, 1.9 s, 81 of 100 left`: as far as it is known."""
        parts = []
        if self.told.prompt is not None or self.told.completion is not None:
            about = "~" if self.estimated else ""
            prompt, completion = f"{about}{self.told.prompt or 0}", f"{about}{self.told.completion or 0}"
            parts.append(text("calls.used", prompt=prompt, completion=completion))
        parts.append(f"{self.told.seconds:.1f} s")
        own = next((limit for limit in self.left() if limit.whose == "gateway" and limit.of is not None), None)
        if own is not None:
            parts.append(text("calls.left", left=own.left, limit=own.of))
        return ", ".join(parts)

    def limit_lines(self) -> list[str]:
        """Every limit with whose it is: the gateway's and the provider's look alike in headers."""
        lines = []
        for limit in self.left():
            if limit.of is not None:
                whose = text("calls.gateway") if limit.whose == "gateway" else self.route.title
                values = {"whose": whose, "left": limit.left, "limit": limit.of, "unit": limit.unit}
                shown = (
                    text("calls.left_window", window=limit.window, **values)
                    if limit.window
                    else text("calls.left_plain", **values)
                )
                lines.append(shown)
        return lines

    def problem(self) -> tuple[str, str]:
        """What happened and why, and what to do."""
        if self.silent:
            return text("calls.not_running", reason=self.silent), text("calls.start")
        log = text("calls.see_log", request=self.told.request_id[-SHORT_ID:]) if self.told.request_id else ""
        answer = self.told.refused
        if answer is None:
            return text("calls.broke_off", path=self.route.path, reason=self.told.broken), log
        wait = limits.wait_of(answer.headers)
        if answer.status == 429 and wait is not None:
            hint = text("calls.own_limit_do", public=self.route.public)
            return text("calls.own_limit", path=self.route.path, seconds=wait), hint
        if answer.status == 401 and self.route.key_header and not self.environ.get(KEY):
            return text("calls.client_key"), text("calls.client_key_do", variable=KEY)
        message, hint = health.judge(self.route.described(), answer)[1:3]
        return f"{self.route.path}: {message}", "\n".join(line for line in (hint, log) if line)

    def as_document(self) -> dict[str, Any]:
        """What --json prints. Times in seconds."""
        message, hint = self.problem() if not self.ok else ("", "")
        return {
            "route": self.route.name,
            "path": self.route.path,
            "ok": self.ok,
            "text": self.told.text,
            "model": self.told.model or self.route.model,
            "prompt_tokens": self.told.prompt,
            "completion_tokens": self.told.completion,
            "estimated": self.estimated,
            "seconds": round(self.told.seconds, 3),
            "first_text_seconds": round(self.told.first, 3) if self.told.first is not None else None,
            "limits": [limit.as_document() for limit in self.left()],
            "request_id": self.told.request_id,
            "error": message,
            "hint": hint,
        }


def attempts(
    plan: Plan, routes: Sequence[LiveRoute], prompt: str, environ: Mapping[str, str], most: int = 0
) -> list[Attempt]:
    return [Attempt(plan, route, prompt, environ, most) for route in routes]
