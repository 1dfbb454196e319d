"""Everything configurable: services, routes, plugins, consumers and the rest. This is the door.

    config = Config.load(text, deck=True)         # raises ConfigError that names every wrong field
    config.collections["routes"][id]["paths"]     # rows exactly as the Admin API shows them
    config.render()                               # back to a declarative document

The rooms behind it: document.py (text), deck.py (decK's own), declarative.py (rows from a document), identity.py (ids),
trouble.py (errors), saved.py (between two starts), catalogue.py (all kinds), and one file per family of entities.
"""

from gateway.entities.catalogue import KINDS, clean, validate
from gateway.entities.config import Config, record_of
from gateway.entities.document import read_document
from gateway.entities.identity import id_of
from gateway.entities.kinds import Entity, Kind
from gateway.entities.plugins import Registry, plugin_record, plugin_schema
from gateway.entities.saved import STATE_NAME, at_rest
from gateway.errors import ConfigError
from gateway.row_encoding import EMPTY_HASH

__all__ = [
    "EMPTY_HASH",
    "KINDS",
    "STATE_NAME",
    "Config",
    "ConfigError",
    "Entity",
    "Kind",
    "Registry",
    "at_rest",
    "clean",
    "id_of",
    "load",
    "plugin_record",
    "plugin_schema",
    "read_document",
    "record_of",
    "validate",
]

load = Config.load
