"""Calling the gateway that runs here, as its users do: its routes now, how programs are pointed at them, one streamed
request, what its answer says about limits. Not for: proving routes after setup (health.py), wording.
"""
