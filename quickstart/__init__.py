"""The quickstart: ask, plan, apply, on the user's machine. Not for: anything that runs per request (the gateway)."""

__version__ = "0.1.0"
