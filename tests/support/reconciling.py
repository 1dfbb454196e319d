"""Configurations for tests of merging: a rendered one, edits as people make them, and generated ones. Not for: running
anything."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st
from support.example_answers import EVERYTHING

from gateway.entities import KINDS
from quickstart.planning import make_plan
from quickstart.reconcile.rows import Rows, read
from quickstart.render import render

RENDERED = render(make_plan(EVERYTHING, lambda: False, lambda port: False, "Linux")).kong_yml

SMALL = """
_format_version: "3.0"
services:
- name: openai-api
  host: api.openai.com
  routes:
  - name: openai-chat
    paths: ["~/openai/chat$"]
    methods: [POST]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/openai-auth-header}"}
        model: {provider: openai, name: gpt-a}
- name: mistral-api
  host: localhost
  routes:
  - name: mistral-chat
    paths: ["~/mistral/chat$"]
"""


def small() -> Rows:
    return read(SMALL, "the small one")


def edited(rows: Rows, kind: str, name: str, **fields: Any) -> Rows:
    """A copy with other values; a field `a__b` is below `a`."""
    out = copy.deepcopy(rows)
    row = row_called(out, kind, name)
    for path, value in fields.items():
        *above, last = path.split("__")
        place = row
        for word in above:
            place[word] = place[word] or {}
            place = place[word]
        place[last] = value
    return out


def without(rows: Rows, kind: str, name: str) -> Rows:
    """A copy without a row and all that hangs on it, as the Admin API deletes it."""
    out = copy.deepcopy(rows)
    gone = {(kind, row_called(out, kind, name)["id"])}
    for each, kinds in KINDS.items():
        for id, row in list(out[each].items()):
            above = {(target, (row[field] or {}).get("id")) for field, target in kinds.foreign.items()}
            if (each, id) in gone or above & gone:
                gone.add((each, id))
                del out[each][id]
    return out


def row_called(rows: Rows, kind: str, name: str) -> dict[str, Any]:
    return next(row for row in rows[kind].values() if name in (row.get("name"), row.get("username")))


# -- generated -----------------------------------------------------------------------------------------------------

_ROUTES = ("a", "b", "c")
_SERVICES = ("one", "two")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Small decK files out of the same few names, so that two of them have much in common."""
    lines = ['_format_version: "3.0"', "services:"]
    for service in draw(st.lists(st.sampled_from(_SERVICES), unique=True)):
        lines += [f"- name: {service}", f"  host: {draw(st.sampled_from(('h1', 'h2', 'h3')))}", "  routes:"]
        for route in draw(st.lists(st.sampled_from(_ROUTES), unique=True)):
            paths = draw(st.lists(st.sampled_from(("/x", "/y", "/z")), unique=True, min_size=1))
            lines += [f"  - name: {service}-{route}", f"    paths: {paths}", "    plugins:"]
            if draw(st.booleans()):
                lines += ["    - name: ai-proxy", "      config:", "        route_type: llm/v1/chat"]
                lines += [f"        model: {{provider: openai, name: m{draw(st.integers(1, 3))}}}"]
            else:
                lines[-1] += " []"
        if lines[-1].endswith("routes:"):
            lines[-1] += " []"
    for consumer in draw(st.lists(st.sampled_from(("ann", "bob")), unique=True, max_size=2)):
        if "consumers:" not in lines:
            lines.append("consumers:")
        tags = draw(st.lists(st.sampled_from(("t1", "t2")), unique=True))
        lines += [f"- username: {consumer}", f"  tags: {tags}"]
    if lines[-1] == "services:":
        lines[-1] += " []"
    return "\n".join(lines) + "\n"


configurations = texts().map(lambda text: read(text, "a generated one"))
