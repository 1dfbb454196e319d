"""Which tracing headers are read, taken away and written: Kong's `propagation`, and the older `header_type`. Not for:
what the headers say (_trace_context.py).

Source: Kong's documentation of tracing header propagation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.plugins._trace_context import READABLE, WRITABLE, Fields, Incoming, Line, Outgoing, nothing, read, write
from gateway.schema import Array, Field, Record, String

PRESERVE, IGNORE = "preserve", "ignore"
_DEFAULT = "w3c"


def header_type_field() -> String:
    return String(
        "The older way to say which headers are written: preserve (those that came), ignore (none are read) or one "
        "more format. Counts where none of propagation's lists is set.",
        one_of=(PRESERVE, IGNORE, "b3", "b3-single", "w3c", "jaeger", "ot", "aws", "gcp", "datadog"),
        default=PRESERVE,
        schema={
            "deprecation": {
                "message": "opentelemetry: config.header_type is deprecated, please use config.propagation options "
                "instead",
                "removal_in_version": "4.0",
                "old_default": PRESERVE,
            }
        },
    )


def propagation_record() -> Record:
    fields: dict[str, Field] = {
        "extract": Array(
            "Formats that are looked for in the client's request, best first; none is read where this is not set.",
            elements=String("A format.", one_of=READABLE),
        ),
        "clear": Array(
            "Headers of the client's request that do not go upstream.", elements=String("The name of a header.")
        ),
        "inject": Array(
            "Formats that are written into the upstream's request; preserve is the one that came.",
            elements=String("A format.", one_of=(PRESERVE, *WRITABLE)),
        ),
        "default_format": String("What preserve writes when nothing came.", one_of=WRITABLE, required=True),
    }
    default = {"default_format": _DEFAULT}
    return Record("Which tracing headers are read and written.", required=True, default=default, fields=fields)


class Propagation:
    def __init__(self, config: Mapping[str, Any]) -> None:
        lists = config["propagation"] or {}
        kind = config["header_type"] or PRESERVE
        default = lists.get("default_format") or _DEFAULT
        if any(lists.get(name) is not None for name in ("extract", "clear", "inject")):
            self.extract = tuple(lists["extract"] or ())
            self.clear = tuple(name.encode("latin-1", "replace") for name in lists["clear"] or ())
            self.inject = tuple(lists["inject"] or ())
        elif kind == IGNORE:
            self.extract, self.clear, self.inject = (), (), (default,)
        else:
            self.extract, self.clear, self.inject = READABLE, (), (PRESERVE,)
            if kind != PRESERVE:
                default = kind
                self.inject = (PRESERVE, kind)
        self._fresh = self._formats(default)  # what is written when nothing came

    def read(self, fields: Fields) -> Incoming | None:
        """The first format that is found."""
        if nothing(fields):
            return None
        for format in self.extract:
            found = read(format, fields)
            if found is not None:
                return found
        return None

    def lines(self, came: Incoming | None, to: Outgoing) -> list[Line]:
        """What is written into the upstream's request."""
        formats = self._fresh if came is None else self._formats(came.format)
        return [line for format in formats for line in write(format, to)]

    def _formats(self, kept: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kept if format == PRESERVE else format for format in self.inject))
