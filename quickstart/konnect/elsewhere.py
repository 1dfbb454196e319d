"""The answer of commands that ask or change the gateway of this machine, where its configuration lives in Konnect.

Not for: commands that work with both.
"""

from __future__ import annotations

from quickstart import messages
from quickstart.errors import KonnectError
from quickstart.plan import Plan


def require_here(plan: Plan) -> None:
    """Raises KonnectError for a gateway whose control plane is in Konnect: there is no Admin API here to speak to."""
    if plan.konnect is not None:
        named = {"name": plan.konnect.control_plane, "region": plan.konnect.region}
        raise KonnectError(messages.text("konnect.elsewhere", **named), messages.text("konnect.elsewhere_hint"))
