"""`ai-gateway export helm-values`: values for Kong's own chart `kong`, DB-less, with the official image.

Source of the keys: the chart's values.yaml and README (Kong/charts). Not for: our own gateway in Kubernetes
(kubernetes.py).
"""

from __future__ import annotations

from typing import Any

from quickstart import messages
from quickstart.exports._addresses import local_addresses
from quickstart.exports._bundle import Bundle, Note, Wish
from quickstart.exports._kong_versions import NEWEST, OSS, fitted
from quickstart.exports._limits import counting_alone
from quickstart.exports._source import Source, uses, without_consumer_keys
from quickstart.exports._yaml import dump

TITLE = "values for Kong's Helm chart"
IMAGES = {NEWEST: ("kong/kong-gateway", "3.15"), OSS: ("kong", "3.9")}
SECRET = "ai-gateway-keys"  # noqa: S105 - its name
HEAD = "Values for the Helm chart kong/kong: helm install ai-gateway kong/kong --values FILE\nFor {}.\n"


def export(source: Source, wish: Wish) -> Bundle:
    target = wish.target or NEWEST
    document, notes = fitted(source.document, target)
    document, unkeyed = without_consumer_keys(document)
    notes.extend(unkeyed)
    if alone := counting_alone(document):
        names = ", ".join(sorted({row["name"] for row in alone}))
        notes.append(Note(messages.text("exports.alone", plugins=names), messages.text("exports.alone_hint")))
    if here := local_addresses(document):
        notes.append(
            Note(messages.text("exports.not_here", servers=", ".join(here)), messages.text("exports.not_here_hint"))
        )
    needed = list(uses(document))
    if needed:
        notes.append(
            Note(
                messages.text("exports.helm_keys", secret=SECRET, names=", ".join(needed)),
                messages.text("exports.helm_keys_hint", secret=SECRET),
            )
        )
    return Bundle(dump(_values(document, needed, wish, target), head=HEAD.format(target)), notes=tuple(notes))


def _values(document: dict[str, Any], needed: list[str], wish: Wish, target: str) -> dict[str, Any]:
    repository, tag = IMAGES[target]
    if wish.image:
        repository, _, tag = wish.image.rpartition(":")
    return {
        "image": {"repository": repository, "tag": tag},
        "env": {"database": "off", "router_flavor": "traditional_compatible"},
        # without KONG_ in front: what {vault://env/NAME} reads
        "customEnv": {name.lower(): {"valueFrom": {"secretKeyRef": {"name": SECRET, "key": name}}} for name in needed},
        "dblessConfig": {"config": dump(document)},
        "ingressController": {"enabled": False},
        "admin": {"enabled": False},
        "manager": {"enabled": False},
        "portal": {"enabled": False},
        "portalapi": {"enabled": False},
        "proxy": {"enabled": True, "type": "ClusterIP", "http": {"enabled": True}, "tls": {"enabled": False}},
        "autoscaling": {
            "enabled": True,
            "minReplicas": 2,
            "maxReplicas": 10,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                }
            ],
        },
        "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
        "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        "terminationGracePeriodSeconds": 60,
    }
