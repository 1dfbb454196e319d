"""file-log: one line of JSON per request, appended to a file. The transport writes it, a moment later and beside the
traffic.

Source: Kong's documentation and the observable entries of Kong 3.9.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.codec import encode
from gateway.log_entry import entry
from gateway.plugins._base import Plugin, Setting
from gateway.plugins._custom_fields import CustomFields, custom_fields_field
from gateway.schema import Boolean, Record, String

if TYPE_CHECKING:
    from gateway.exchange import Exchange

_NOT_IN_PATHS = frozenset("*&%\\`")
NO_PATH = "not a valid filename"


def path_error(path: str) -> str | None:
    """A path without what a shell or Kong would read something into."""
    return None if _NOT_IN_PATHS.isdisjoint(path) else NO_PATH


class FileLog(Plugin):
    name = "file-log"
    priority = 9
    protocols = ("grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp")
    fields = Record(
        "Appends an entry for each request to a file.",
        required=True,
        fields={
            "path": String(
                "The file; it is made when it is not there, its folder is not.",
                check=path_error,
                schema={"match": "^[^*&%%\\`]+$", "err": NO_PATH},
                required=True,
            ),
            "reopen": Boolean(
                "Whether to look with every batch of lines whether the file was moved away, as log rotation does.",
                default=False,
                required=True,
            ),
            "custom_fields_by_lua": custom_fields_field(),
        },
    )

    def __init__(self, config: Mapping[str, Any], setting: Setting) -> None:
        super().__init__(config, setting)
        self.path: str = config["path"]
        self.reopen: bool = config["reopen"]
        self.custom = CustomFields(config["custom_fields_by_lua"])

    def log(self, exchange: Exchange) -> None:
        told = entry(exchange)
        self.custom.put(told, exchange)
        exchange.runtime.append(self.path, encode(told), self.reopen)


PLUGIN = FileLog
