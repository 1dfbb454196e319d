"""opentelemetry: two spans a request, sent in batches to an OTLP/HTTP server: the request as the client saw it, and the
call to the upstream, which for AI calls says model, tokens and cost. The client's trace goes on upstream.

Sent as JSON (Content-Type application/json), which OTLP/HTTP allows beside Protobuf.

Source: Kong's documentation of the plugin, OpenTelemetry's semantic conventions for HTTP and for generative AI.
Deviations on purpose: Kong's spans of its own phases are left out; without sampling_rate all requests are sampled (Kong
takes the rate from kong.conf, where it is 0.01); queries are not told, because they may hold keys; nothing is sent to
logs_endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway import KONG_VERSION
from gateway.errors import ConfigError
from gateway.plugins._ai_fields import url_error
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._finish_reasons import FinishReasons
from gateway.plugins._otlp import Envelope
from gateway.plugins._outbox import Queued, first, queue_record, request_head
from gateway.plugins._propagation import Propagation, header_type_field, propagation_record
from gateway.plugins._request_spans import Times, Trace, client_span, server_span
from gateway.plugins._trace_context import Outgoing
from gateway.schema import AtLeastOneOf, Integer, Map, Number, Record, Shorthand, String
from gateway.values import Fetch

if TYPE_CHECKING:
    from gateway.exchange import Exchange

SCOPE = "kong-internal"
"""Kong's name for what makes its spans."""
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ANSWER_LIMIT = 64 << 10


def _endpoint(help: str, **more: Any) -> String:
    return String(help, referenceable=True, check=url_error, **more)


_OLD = {"deprecation": {"message": "opentelemetry: write config.traces_endpoint instead", "removal_in_version": "4.0"}}


def _header_error(name: str) -> str | None:
    return None if _HEADER.fullmatch(name) else f"'{name}' is not the name of a header"


def _old(message: str, old_default: int) -> dict[str, Any]:
    told = f"opentelemetry: config.{message} instead"
    return {"deprecation": {"message": told, "removal_in_version": "4.0", "old_default": old_default}}


def _timeout(help: str, default: int) -> Integer:
    return Integer(help, between=(0, 2_147_483_646), default=default)


class OpenTelemetry(Queued, Plugin):
    name = "opentelemetry"
    priority = 14
    fields = Record(
        "Traces requests and sends the spans to an OTLP/HTTP server.",
        required=True,
        fields={
            "traces_endpoint": _endpoint(
                "The URL of an OTLP/HTTP server that spans are sent to, such as http://collector:4318/v1/traces. They "
                "are sent as JSON (application/json), which OTLP/HTTP allows beside Protobuf."
            ),
            "logs_endpoint": _endpoint("Taken for compatibility; nothing is sent there."),
            "headers": Map(
                "Headers to send along, such as a token.",
                keys=String("A header.", check=_header_error),
                values=String("The value.", referenceable=True),
            ),
            "resource_attributes": Map(
                "Attributes of the resource, beside service.name (kong), service.version and service.instance.id, "
                "which they may replace.",
                keys=String("An attribute.", required=True),
                values=String("The value.", required=True),
            ),
            "queue": queue_record(default={"max_batch_size": 200}),
            "batch_span_count": Integer(
                "The old name of queue.max_batch_size.",
                schema=_old("batch_span_count is deprecated, please use config.queue.max_batch_size", 200),
            ),
            "batch_flush_delay": Integer(
                "The old name of queue.max_coalescing_delay.",
                schema=_old("batch_flush_delay is deprecated, please use config.queue.max_coalescing_delay", 3),
            ),
            "connect_timeout": _timeout(
                "Milliseconds to connect; the three timeouts together bound one attempt.", 1000
            ),
            "send_timeout": _timeout("Milliseconds to send.", 5000),
            "read_timeout": _timeout("Milliseconds to wait for the answer.", 5000),
            "http_response_header_for_traceid": String("A header that tells the client the trace id."),
            "header_type": header_type_field(),
            "sampling_rate": Number(
                "The part of all traces that is sampled, 0 to 1; all, where it is not set. A client that decided "
                "against sampling is followed.",
                between=(0, 1),
            ),
            "propagation": propagation_record(),
        },
        checks=(AtLeastOneOf("traces_endpoint", "logs_endpoint"),),
        shorthands={
            "endpoint": Shorthand(_endpoint("The old name of traces_endpoint.", schema=_OLD), ("traces_endpoint",))
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.wait_as(setting.id, config["queue"] or {}, config["batch_span_count"], config["batch_flush_delay"])
        self.rate: float = first(config["sampling_rate"], 1.0)
        self.propagation = Propagation(config)
        self.told_header = (config["http_response_header_for_traceid"] or "").encode("latin-1", "replace")
        self.timeout = sum(config[name] or 0 for name in ("connect_timeout", "send_timeout", "read_timeout")) / 1000
        resource = {
            "service.name": "kong",
            "service.version": KONG_VERSION,
            "service.instance.id": setting.resources.get("node_id") or setting.id,
        }
        self.envelope = Envelope(resource | (config["resource_attributes"] or {}), SCOPE, KONG_VERSION)
        idle = [] if self.told_header else ["header_filter"]
        endpoint = config["traces_endpoint"]
        if endpoint is None:
            idle.append("log")
        else:
            problem = url_error(endpoint)  # a vault's value is known only now
            if problem is not None:
                raise ConfigError({"config": {"traces_endpoint": problem}})
            try:
                self._origin, self._head = request_head("POST", endpoint, "application/json", config["headers"])
            except ValueError:
                problem = "its port is not a number from 1 to 65535"
                raise ConfigError({"config": {"traces_endpoint": problem}}) from None
        self.idle = tuple(idle)

    def request(self, entries: list[bytes]) -> Fetch:
        """One export of these spans."""
        body = self.envelope.around(entries)
        head = self._head + b"Content-Length: %d\r\n\r\n" % len(body)
        return Fetch(self._origin, head, body, timeout=self.timeout, limit=_ANSWER_LIMIT)

    # -- phases -------------------------------------------------------------------------------------------------

    def access(self, exchange: Exchange) -> None:
        trace = self._trace(exchange)
        for name in self.propagation.clear:
            exchange.clear_request_header(name)
        to = Outgoing(trace.id, trace.client_span, trace.sampled, trace.server_span)
        for name, value in self.propagation.lines(trace.came, to):
            exchange.set_request_header(name, value)
            if name == b"traceparent" and not trace.state:
                exchange.clear_request_header(b"tracestate")  # of a trace that ends here
        conversation: Any = exchange.conversation
        if trace.sampled and conversation is not None:
            conversation.observer = FinishReasons()

    def header_filter(self, exchange: Exchange) -> None:
        """Only takes part where the client is told the trace id."""
        exchange.set_response_header(self.told_header, self._trace(exchange).id.encode())

    def log(self, exchange: Exchange) -> None:
        trace = self._trace(exchange)
        if not trace.sampled:
            return
        times = Times(exchange)
        if exchange.forwarded_at:
            exchange.runtime.deliver(self, client_span(exchange, trace, times))
        exchange.runtime.deliver(self, server_span(exchange, trace, times))

    def logged(self, exchange: Exchange) -> Mapping[str, Any]:
        return {"trace_id": {"w3c": self._trace(exchange).id}}

    def _trace(self, exchange: Exchange) -> Trace:
        """Made once for each exchange, at the latest for its log."""
        trace: Trace | None = exchange.notes.get(self.name)
        if trace is None:
            came = self.propagation.read(exchange.request.fields)
            trace = exchange.notes[self.name] = Trace(exchange.id, came, self.rate)
        return trace


PLUGIN = OpenTelemetry
