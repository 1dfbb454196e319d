"""Konnect's HTTP API: paths, methods, paging, problem+json, tokens, rate limits, and faults on demand.

A path that the public API does not have is a 404 and is remembered in `wrong`. Not for: what is held (state.py).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from support.konnect_mock import entities
from support.konnect_mock.ai_gateway_api import AiGatewayApi
from support.konnect_mock.gateway_api import GatewayApi
from support.konnect_mock.problems import problem
from support.konnect_mock.state import COLLECTIONS, ORGANIZATION, Conflict, Invalid, Konnect, Plane
from support.mock_server import Answer, Asked, MockServer, as_json

TOKEN = "kpat_canary0TokenThatNobodyMaySee7f3Zk"
REGIONS = ("us", "eu", "au", "me", "in", "sg")
_ID = r"[0-9a-f-]{36}"


@dataclass
class Fault:
    """What is answered instead of the truth, to the next `times` requests that it is about; -1 = to all."""

    answer: Answer
    times: int = -1
    method: str = ""
    path: str = ""  # a part of it
    after: bool = False  # the request is carried out all the same

    def about(self, asked: Asked) -> bool:
        return self.times != 0 and self.method in ("", asked.method) and self.path in asked.path


@dataclass
class Access:
    """What the token may do."""

    token: str = TOKEN
    regions: tuple[str, ...] = REGIONS
    home: str = "eu"
    person: bool = True  # False: of a system account, which is no user
    expired: bool = False
    read_only: bool = False


class KonnectMock(GatewayApi, AiGatewayApi, MockServer):
    """`url` with `/{region}` behind it is what AI_GATEWAY_KONNECT_URL is set to (`address`)."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.state = Konnect()
        self.access = Access()
        self.faults: list[Fault] = []
        self.wrong: list[str] = []  # requests that Konnect's public API does not know
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            (method, re.compile(pattern + r"\Z"), handler) for method, pattern, handler in self._table()
        ]

    @property
    def address(self) -> str:
        return self.url + "/{region}"

    def planes(self, name: str = "ai-gateway") -> list[Plane]:
        return [plane for plane in self.state.planes.values() if plane.name == name]

    # -- answering -------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        for fault in self.faults:
            if fault.about(asked):
                fault.times -= 1
                if fault.after:
                    self._true_answer(asked)
                return fault.answer
        return self._true_answer(asked)

    def _true_answer(self, asked: Asked) -> Answer:
        region, _, path = asked.path.removeprefix("/").partition("/")
        path = f"/{path}"
        if region not in ("global", *REGIONS):
            return Answer(404)  # of somebody who looks for model servers on this machine
        for method, pattern, handler in self._routes:
            found = pattern.match(path)
            if method == asked.method and found and (region == "global") == (handler.__name__ in self._GLOBAL):
                refused = self._refused(asked, region)
                if refused is not None:
                    return refused
                with self.state.changed:
                    try:
                        answer = handler(asked, region, **found.groupdict())
                    except Invalid as invalid:
                        return problem(400, "Invalid Parameters", invalid.fields)
                    except Conflict as conflict:
                        return problem(409, str(conflict))
                    self.state.changed.notify_all()
                    return answer
        self.wrong.append(f"{asked.method} {asked.path}")
        return problem(404, "no such path")

    _GLOBAL = ("_me", "_organization")

    def _refused(self, asked: Asked, region: str) -> Answer | None:
        if asked.headers.get("authorization") != f"Bearer {self.access.token}":
            return problem(401, "Unauthorized")
        if self.access.expired:
            return problem(401, "The personal access token has expired")
        if asked.body and asked.headers.get("content-type") != "application/json":
            return problem(415, "Unsupported Media Type")
        if region not in ("global", *self.access.regions):
            return problem(403, "the organization does not use this region")
        if self.access.read_only and asked.method != "GET":
            return problem(403, "missing permission: control-planes:create")
        return None

    def _table(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        plane = rf"/v2/control-planes/(?P<plane>{_ID})"
        gateway = rf"/v1/ai-gateways/(?P<plane>{_ID})"
        collection = rf"/core-entities/(?P<collection>{'|'.join(COLLECTIONS)})"
        ai = rf"/(?P<collection>{'|'.join(entities.AI_COLLECTIONS)})"
        return [
            ("GET", "/v3/users/me", self._me),
            ("GET", "/v3/organizations/me", self._organization),
            ("GET", "/v2/control-planes", self._list_planes),
            ("POST", "/v2/control-planes", self._create_plane),
            ("GET", plane, self._get_plane),
            ("DELETE", plane, self._delete_plane),
            ("GET", plane + "/dp-client-certificates", self._list_certificates),
            ("POST", plane + "/dp-client-certificates", self._pin),
            ("DELETE", plane + rf"/dp-client-certificates/(?P<identity>{_ID})", self._unpin),
            ("GET", plane + collection, self._list_entities),
            ("PUT", plane + collection + rf"/(?P<identity>{_ID})", self._put_entity),
            ("DELETE", plane + collection + rf"/(?P<identity>{_ID})", self._delete_entity),
            ("GET", plane + "/expected-config-hash", self._expected),
            ("GET", plane + "/nodes", self._list_nodes),
            ("GET", "/v1/ai-gateways", self._list_gateways),
            ("POST", "/v1/ai-gateways", self._create_gateway),
            ("DELETE", gateway, self._delete_plane),
            ("GET", gateway + "/data-plane-certificates", self._ai_certificates),
            ("POST", gateway + "/data-plane-certificates", self._ai_pin),
            ("DELETE", gateway + rf"/data-plane-certificates/(?P<identity>{_ID})", self._unpin),
            ("GET", gateway + "/expected-config-version", self._ai_expected),
            ("GET", gateway + "/nodes", self._ai_nodes),
            ("GET", gateway + ai, self._ai_list),
            ("POST", gateway + ai, self._ai_create),
            ("PUT", gateway + ai + r"/(?P<identity>[^/]+)", self._ai_update),
            ("DELETE", gateway + ai + r"/(?P<identity>[^/]+)", self._ai_delete),
        ]

    # -- identity --------------------------------------------------------------------------------------------------

    def _me(self, asked: Asked, region: str) -> Answer:
        if not self.access.person:
            return problem(403, "system accounts are no users")
        return as_json(
            {"id": str(uuid.uuid4()), "email": "ada@example.com", "active": True, "inferred_region": self.access.home}
        )

    def _organization(self, asked: Asked, region: str) -> Answer:
        return as_json(ORGANIZATION)
