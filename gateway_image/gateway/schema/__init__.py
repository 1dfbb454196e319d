"""Fields of everything configurable: one declaration is the check, Kong's schema JSON, the form and the reference page.

    model = Record("Which model", required=True, fields={"provider": String("Who serves it", required=True)})
    model.validate({}, "config.model")   # ConfigError: config.model.provider: required field missing
    describe(model)                      # {"fields": [{"provider": {"type": "string", ...}}], "entity_checks": []}

This file is the door; fields.py, collections.py, records.py, checks.py, patterns.py and describe.py are the rooms.
"""

from gateway.schema.checks import (
    AtLeastOneOf,
    Check,
    Conditional,
    ConditionalAtLeastOneOf,
    Custom,
    Distinct,
    Match,
    MutuallyExclusive,
    MutuallyRequired,
    OnlyOneOf,
    read,
)
from gateway.schema.collections import Array, Map, Set
from gateway.schema.describe import describe, describe_field
from gateway.schema.fields import (
    LARGEST,
    UNSET,
    Any_,
    Boolean,
    Error,
    Field,
    Foreign,
    Integer,
    Number,
    String,
    is_reference,
    is_uuid,
    size_error,
)
from gateway.schema.json_schema import json_schema
from gateway.schema.records import Record, Shorthand

__all__ = [
    "LARGEST",
    "UNSET",
    "Any_",
    "Array",
    "AtLeastOneOf",
    "Boolean",
    "Check",
    "Conditional",
    "ConditionalAtLeastOneOf",
    "Custom",
    "Distinct",
    "Error",
    "Field",
    "Foreign",
    "Integer",
    "Map",
    "Match",
    "MutuallyExclusive",
    "MutuallyRequired",
    "Number",
    "OnlyOneOf",
    "Record",
    "Set",
    "Shorthand",
    "String",
    "describe",
    "describe_field",
    "is_reference",
    "is_uuid",
    "json_schema",
    "read",
    "size_error",
]
