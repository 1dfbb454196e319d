"""Vault rows: names under which secrets are looked up. The look-up itself is gateway.vault."""

from __future__ import annotations

from gateway.entities import kinds
from gateway.entities.kinds import Kind
from gateway.schema import Record, String

INSTALLED = ("env",)


def _installed(value: str) -> str | None:
    return None if value in INSTALLED else f"vault '{value}' is not installed"


CONFIG = Record(
    "Where the vault looks.",
    required=True,
    schema={"abstract": True},  # other kinds of vaults have other fields
    fields={"prefix": String("What every variable's name starts with.", match="^[%a_-][%a%d_-]*$")},
)

VAULTS = Kind(
    name="vaults",
    singular="vault",
    key="prefix",
    record=Record(
        "A place that secrets come from, under a prefix of its own.",
        fields={
            "id": kinds.identifier(),
            "prefix": String(
                "What references say: {vault://PREFIX/NAME}.",
                unique=True,
                required=True,
                match="^[a-z][a-z%d-]-[a-z%d]+$",
                not_one_of=INSTALLED,
                schema={"unique_across_ws": True},
            ),
            "name": String("The kind of vault: env.", required=True, check=_installed),
            "description": String("What it is for."),
            "config": CONFIG,
            "created_at": kinds.created(),
            "updated_at": kinds.updated(),
            "tags": kinds.tags(),
        },
    ),
)
