"""Which kind of control plane goes with a word of the answers. Not for: what they do."""

from __future__ import annotations

from quickstart.konnect.ai_gateways import AiGateways
from quickstart.konnect.control_planes import ControlPlanes
from quickstart.konnect.product import Product

PRODUCTS = ("gateway", "ai-gateway")


def product_of(name: str) -> Product:
    return AiGateways() if name == "ai-gateway" else ControlPlanes()
