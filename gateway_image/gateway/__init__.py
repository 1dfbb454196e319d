"""The gateway: a Kong-compatible AI gateway in plain Python. It knows nothing of the quickstart that sets it up."""

__version__ = "0.1.0"
KONG_VERSION = "3.9.1"
"""The Kong release whose observable behaviour this gateway follows (Via, Server, GET /)."""
