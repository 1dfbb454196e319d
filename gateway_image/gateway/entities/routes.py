"""Routes: which requests go to a service. The texts are Kong's, also those of its router, whose regex engine is like
ours linear and so knows no look-around and no back-references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway.entities import kinds
from gateway.entities.formats import route_host_error, sni_error
from gateway.entities.kinds import Kind
from gateway.entities.services import PROTOCOLS
from gateway.paths import normal_form
from gateway.patterns import PatternError, compile_pattern
from gateway.schema import (
    Array,
    AtLeastOneOf,
    Conditional,
    Custom,
    Foreign,
    Integer,
    Map,
    Match,
    Record,
    Set,
    String,
)

_SECURE = ("grpcs", "https", "tls", "tls_passthrough")
_HTTP = ("methods", "hosts", "headers", "paths")
_GRPC = ("hosts", "headers", "paths")
_STREAM = ("sources", "destinations")
_CRITERIA = {
    "http": _HTTP,
    "https": (*_HTTP, "snis"),
    "grpc": _GRPC,
    "grpcs": (*_GRPC, "snis"),
    "tcp": _STREAM,
    "udp": _STREAM,
    "tls": (*_STREAM, "snis"),
    "tls_passthrough": ("snis",),
}
_FOREIGN_TO = {
    "'http' or 'https'": (("http", "https"), _STREAM),
    "'grpc' or 'grpcs'": (("grpc", "grpcs"), ("methods", *_STREAM)),
    "'tcp', 'tls', 'tls_passthrough' or 'udp'": (("tcp", "tls", "tls_passthrough", "udp"), _HTTP),
}
_LOOK_AROUND = re.compile(r"\(\?<?[=!]")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\\k[<{']")
_PLAIN = re.compile(r"/(?:[A-Za-z0-9\-_][A-Za-z0-9\-_.]*(?:/[A-Za-z0-9\-_][A-Za-z0-9\-_.]*)*/?)?")
_SPELLED = (  # what RE2 says about a regex: what Kong's PCRE2 says
    ("missing ]", "missing terminating ] for character class"),
    ("missing )", "missing closing parenthesis"),
    ("unexpected )", "unmatched closing parenthesis"),
    ("trailing \\", "\\ at end of pattern"),
    ("no argument for repetition operator", "quantifier does not follow a repeatable item"),
    ("invalid character class range", "range out of order in character class"),
)


def path_error(path: str) -> str | None:
    """One of a route's paths: a prefix in its normal form, or ~ and a regex."""
    if path.startswith("~"):
        return _regex_error(path[1:])
    if _PLAIN.fullmatch(path):
        return None
    normal = normal_form(path.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")
    return None if normal == path else f"non-normalized path, consider use '{normal}' instead"


def _regex_error(regex: str) -> str | None:
    try:
        compile_pattern(regex)
    except PatternError as problem:
        if _router_reason(regex) is not None:
            return None  # told by _routable, in the router's words and place
        return f"invalid regex: '{regex}' (PCRE returned: pcre2_compile() failed: {_pcre_words(regex, str(problem))})"
    return None


def _pcre_words(regex: str, problem: str) -> str:
    counts = re.search(r"\{([0-9]+),([0-9]+)\}", regex)
    if counts and int(counts[1]) > int(counts[2]):
        rest = regex[counts.end() - 1 :]
        return f'numbers out of order in {{}} quantifier in "{regex}" at "{rest}"'
    if "\\p" in problem or "\\P" in problem:
        return f'unknown property after \\P or \\p in "{regex}"'
    for found, said in _SPELLED:
        if found in problem:
            return f'{said} in "{regex}"'
    reason = problem.removeprefix(f"invalid regex: '{regex}' (").removesuffix(")")
    return f'{reason} in "{regex}"'


def _router_reason(regex: str) -> tuple[int, int, str] | None:
    """Where and why a regex that PCRE takes is refused by the router's engine: (start, end, reason)."""
    bare = re.sub(r"\\\\", "__", regex)
    found = _LOOK_AROUND.search(bare)
    if found:
        return found.start(), found.end(), "look-around, including look-ahead and look-behind, is not supported"
    found = _BACK_REFERENCE.search(bare)
    if found:
        return found.start(), found.end(), "backreferences are not supported"
    return None


def _refused_expression(expression: str, start: int, length: int, why: str) -> str:
    marks = "^" + "-" * max(0, length - 2) + ("^" if length > 1 else "---")
    return (
        f"Router Expression failed validation:  --> 1:{start + 1}\n  |\n1 | {expression}\n"
        f"  | {' ' * start}{marks}\n  |\n  = {why}"
    )


def _routable(route: Mapping[str, Any]) -> str | None:
    """What the router cannot compile although every field is right."""
    for path in route.get("paths") or ():
        reason = _router_reason(path[1:]) if path.startswith("~") else None
        if reason is not None:
            start, end, why = reason
            regex = f"^{path[1:]}"
            where = "    " + regex + "\n    " + " " * (start + 1) + "^" * (end - start)
            literal = f'r#"{regex}"#'
            return _refused_expression(
                f"(http.path ~ {literal})", 13, len(literal), f"regex parse error:\n{where}\nerror: {why}"
            )
    headers = route.get("headers")
    if headers and not any(headers.values()) and not any(route.get(name) for name in ("methods", "hosts", "paths")):
        return _refused_expression("()", 1, 1, "expected term")
    return None


def _criteria(route: Mapping[str, Any]) -> dict[str, Any] | str | None:
    protocols = route.get("protocols") or ()
    for shown, (names, strangers) in _FOREIGN_TO.items():
        if any(protocol in names for protocol in protocols):
            found = {
                name: f"cannot set '{name}' when 'protocols' is {shown}"
                for name in strangers
                if route.get(name) is not None
            }
            if found:
                return found
    for protocol in ("https", "grpcs", "tls", *protocols):
        if protocol in protocols:
            wanted = _CRITERIA[protocol]
            if any(route.get(name) for name in wanted):
                return None
            choice = ", ".join(f"'{name}'" for name in wanted)
            return f"must set one of {choice} when 'protocols' is '{protocol}'"
    return None


class _Routes(Record):
    """Knows that gRPC has no prefix to strip: there the default of strip_path is false, and true is refused."""

    def clean(self, value: Any) -> tuple[Any, Any]:
        protocols = value.get("protocols") if isinstance(value, dict) else None
        if not isinstance(protocols, list) or not protocols or any(one not in ("grpc", "grpcs") for one in protocols):
            return super().clean(value)
        cleaned, error = super().clean({"strip_path": False, **value})
        if value.get("strip_path") is True:
            text = "cannot set 'strip_path' when 'protocols' is 'grpc' or 'grpcs'"
            error = {**(error if isinstance(error, dict) else {}), "strip_path": text}
        return cleaned, error


class _Protocols(Set):
    """Kong looks the first protocol up before it looks at the rest, and says so in its own way."""

    def clean(self, value: Any) -> tuple[Any, Any]:
        if isinstance(value, list) and (not value or (isinstance(value[0], str) and value[0] not in PROTOCOLS)):
            return value, f"unknown type: {value[0] if value else 'nil'}"
        return super().clean(value)


def _addresses(help: str) -> Set:
    return Set(
        help,
        elements=Record(
            "An address, a port, or both.",
            fields={"ip": String("An address or a range in CIDR notation."), "port": kinds.port("A port.")},
            checks=(AtLeastOneOf("ip", "port"),),
        ),
    )


ROUTES = Kind(
    name="routes",
    singular="route",
    key="name",
    foreign={"service": "services"},
    children={"plugins": "route"},
    record=_Routes(
        "A rule that picks requests for a service.",
        fields={
            "id": kinds.identifier(),
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
            "name": kinds.unique_name("The route's name."),
            "protocols": _Protocols(
                "What clients may speak.",
                elements=String("A protocol.", one_of=PROTOCOLS),
                mutually_exclusive_subsets=(
                    ("http", "https"),
                    ("tcp", "tls", "udp"),
                    ("tls_passthrough",),
                    ("grpc", "grpcs"),
                ),
                len_min=1,
                default=["http", "https"],
                required=True,
            ),
            "https_redirect_status_code": Integer(
                "How to answer a request over plain HTTP when only HTTPS is allowed.",
                one_of=(426, 301, 302, 307, 308),
                default=426,
                required=True,
            ),
            "strip_path": kinds.switch("Whether the matched prefix is taken off the path.", True),
            "preserve_host": kinds.switch("Whether the upstream gets the client's Host header.", False),
            "request_buffering": kinds.switch("Whether a request is read whole before it is sent on.", True),
            "response_buffering": kinds.switch("Whether an answer is read whole before it is sent on.", True),
            "tags": kinds.tags(),
            "service": Foreign("Where matching requests go.", reference="services"),
            "snis": Set("Server names of TLS.", elements=String("A name.", check=sni_error)),
            "sources": _addresses("Where connections come from (stream protocols)."),
            "destinations": _addresses("Where connections were going to (stream protocols)."),
            "methods": Set("HTTP methods.", elements=String("A method, in capitals.", match="^%u+$")),
            "hosts": Array(
                "Host headers; the first or the last label may be *.",
                elements=String(
                    "A host, or host:port.",
                    match_all=[("^[^*]*%*?[^*]*$", "invalid wildcard: must have at most one wildcard")],
                    match_any=(
                        ("^%*%.", "%.%*$", "^[^*]*$"),
                        "invalid wildcard: must be placed at leftmost or rightmost label",
                    ),
                    check=route_host_error,
                ),
            ),
            "paths": Array(
                "Path prefixes, or regular expressions after a ~.",
                elements=String(
                    "/prefix or ~/regex$.",
                    match_any=(("^/", "^~/"), "should start with: / (fixed path) or ~/ (regex path)"),
                    match_none=[("//", "must not have empty segments")],
                    check=path_error,
                ),
            ),
            "headers": Map(
                "Header name to the values of which one must match; ~*regex for a pattern.",
                keys=String(
                    "A header's name.",
                    match_none=[
                        (
                            "^[Hh][Oo][Ss][Tt]$",
                            "cannot contain 'host' header, which must be specified in the 'hosts' attribute",
                        )
                    ],
                ),
                values=Array("Values.", elements=String("A value.")),
            ),
            "regex_priority": Integer("Which regex route wins: the higher number.", default=0),
            "path_handling": String("How paths are joined; only v0 has an effect.", one_of=("v0", "v1"), default="v0"),
        },
        checks=(
            Conditional(
                "protocols",
                Match(elements_not_one_of=_SECURE),
                "snis",
                Match(len_eq=0),
                "'snis' can only be set when 'protocols' is 'grpcs', 'https', 'tls' or 'tls_passthrough'",
            ),
            Custom(("path_handling",), lambda route: None),
            Custom(
                (
                    *("id", "protocols", "snis", "sources", "destinations", "methods", "hosts", "paths", "headers"),
                    *("expression", "regex_priority", "priority"),
                ),
                lambda route: _routable(route) or _criteria(route),
                {"run_with_missing_fields": True},
            ),
        ),
    ),
)
