"""`ai-gateway export kubernetes`: the gateway as a kustomize base, several nodes that share counts through a Redis.

A Secret is named, never made: its values are the person's. Not for: Kong's own chart (helm_values.py).
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from quickstart import messages
from quickstart.exports._addresses import local_addresses
from quickstart.exports._bundle import Bundle, Note, Wish
from quickstart.exports._gateway import CONFIGURATION, DRAIN_SECONDS, PORTS, configuration, image_of, keys_of, settings
from quickstart.exports._limits import shared_through
from quickstart.exports._source import Source
from quickstart.exports._yaml import dump

TITLE = "a kustomize base for Kubernetes"
NAME = "ai-gateway"
SECRET = "ai-gateway-keys"  # noqa: S105 - its name
REDIS = "ai-gateway-redis"
REDIS_IMAGE = "redis:7.4-alpine"
SETTINGS, KEYS_FILE = "kong.yml", "secrets.env"
KEYS_FOLDER = "/run/ai-gateway-secrets"
USER = 10001
REDIS_USER = 999
_LABELS = {"app.kubernetes.io/name": NAME}
Manifest = dict[str, Any]


def export(source: Source, wish: Wish) -> Bundle:
    document, shared = shared_through(copy.deepcopy(source.document), REDIS)
    text, needed, notes = configuration(document)
    needed = keys_of(source, needed)
    if shared:
        notes.append(Note(messages.text("exports.shared", plugins=", ".join(shared), redis=REDIS)))
    if here := local_addresses(document):
        notes.append(
            Note(messages.text("exports.not_here", servers=", ".join(here)), messages.text("exports.not_here_hint"))
        )
    if needed:
        hint = messages.text("exports.kubernetes_keys_hint", secret=SECRET)
        notes.append(Note(messages.text("exports.kubernetes_keys", secret=SECRET, names=", ".join(needed)), hint))
    notes.append(
        Note(messages.text("exports.kubernetes_image", image=image_of(wish)), messages.text("exports.image_hint"))
    )
    files = {
        "deployment.yaml": dump(_deployment(source, NAME, bool(needed))),  # kustomize puts the image in
        "service.yaml": dump(_service()),
        "disruption.yaml": dump(_disruption_budget()),
        "scaling.yaml": dump(_autoscaler()),
        "redis.yaml": dump(*_redis()),
        SETTINGS: text,
        "kustomization.yaml": dump(_kustomization(wish), head=HEAD),
    }
    config = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(NAME), "data": {SETTINGS: text},
    }  # fmt: skip
    deployment = _deployment(source, image_of(wish), bool(needed))
    # alone, nobody renames the ConfigMap when it changes: this is what makes a new configuration roll out
    checksum = hashlib.sha256(text.encode()).hexdigest()
    deployment["spec"]["template"]["metadata"]["annotations"] = {"ai-gateway/configuration": checksum}
    stream = dump(config, deployment, _service(), _disruption_budget(), _autoscaler(), *_redis())
    return Bundle(stream, files, tuple(notes))


HEAD = (
    "The AI gateway as a kustomize base. Apply it: kubectl apply --kustomize .\n"
    "A changed kong.yml gets a new name and rolls out, node by node.\n"
)


def _metadata(name: str, **labels: str) -> Manifest:
    return {"name": name, "labels": {**_LABELS, **labels}}


def _kustomization(wish: Wish) -> Manifest:
    name, _, digest = image_of(wish).partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # no tag: what looks like one is a registry's port
        path, tag = name, ""
    chosen = {"digest": digest} if digest else {"newTag": tag} if tag else {}
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["deployment.yaml", "service.yaml", "disruption.yaml", "scaling.yaml", "redis.yaml"],
        "configMapGenerator": [{"name": NAME, "files": [SETTINGS]}],
        "images": [{"name": NAME, "newName": path, **chosen}],
    }


def _deployment(source: Source, image: str, keys: bool) -> Manifest:
    """`keys`: it reads a file of keys from the Secret."""
    environment = settings(source, f"{KEYS_FOLDER}/{KEYS_FILE}" if keys else "")
    ready = {"path": "/status/ready", "port": "status"}
    gateway = {
        "name": "gateway",
        "image": image,
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "ports": [{"name": name, "containerPort": port} for name, port in PORTS.items()],
        "startupProbe": {"httpGet": ready, "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {"httpGet": ready, "periodSeconds": 5, "failureThreshold": 1},
        "livenessProbe": {"httpGet": {"path": "/status", "port": "status"}, "periodSeconds": 10, "timeoutSeconds": 5},
        # endpoints are told to forget this node before it stops to listen; nothing is sent to a shut door
        "lifecycle": {"preStop": {"exec": {"command": ["python", "-c", "import time; time.sleep(10)"]}}},
        "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": _locked_down(),
        "volumeMounts": [
            {"name": "configuration", "mountPath": CONFIGURATION.rpartition("/")[0], "readOnly": True},
            *([{"name": "keys", "mountPath": KEYS_FOLDER, "readOnly": True}] if keys else []),
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
        ],
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": DRAIN_SECONDS + 30,
        "securityContext": _pod_security(USER),
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": _selector("gateway")},
            }
        ],
        "containers": [gateway],
        "volumes": [
            {"name": "configuration", "configMap": {"name": NAME}},
            *([{"name": "keys", "secret": {"secretName": SECRET, "defaultMode": 0o440}}] if keys else []),
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return _workload("Deployment", NAME, "gateway", pod, {"strategy": rolling})


def _workload(kind: str, name: str, part: str, pod: Manifest, more: Manifest) -> Manifest:
    template = {"metadata": {"labels": _selector(part)}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": _metadata(name, **{"app.kubernetes.io/component": part}),
        "spec": {**more, "selector": {"matchLabels": _selector(part)}, "template": template},
    }


def _selector(part: str) -> dict[str, str]:
    return {**_LABELS, "app.kubernetes.io/component": part}


def _locked_down() -> Manifest:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _pod_security(user: int) -> Manifest:
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _service() -> Manifest:
    ports = [{"name": "proxy", "port": 80, "targetPort": "proxy"}]
    spec = {"type": "ClusterIP", "selector": _selector("gateway"), "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(NAME), "spec": spec}


def _disruption_budget() -> Manifest:
    spec = {"minAvailable": 1, "selector": {"matchLabels": _selector("gateway")}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": _metadata(NAME), "spec": spec}


def _autoscaler() -> Manifest:
    """The Deployment names no number of its own: applying it again must not undo what was scaled."""
    cpu = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
    }
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 10, "metrics": [cpu]}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": _metadata(NAME),
        "spec": spec,
    }


def _redis() -> tuple[Manifest, Manifest]:
    """One Redis that keeps counts on disk. For one that survives its machine, name Sentinels in kong.yml."""
    container = {
        "name": "redis",
        "image": REDIS_IMAGE,
        "args": ["--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--dir", "/data"],
        "ports": [{"name": "redis", "containerPort": 6379}],
        "readinessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 5},
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": _locked_down(),
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": _pod_security(REDIS_USER),
        "containers": [container],
    }
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    more = {"serviceName": REDIS, "replicas": 1, "volumeClaimTemplates": [claim]}
    ports = [{"name": "redis", "port": 6379, "targetPort": "redis"}]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(REDIS),
        "spec": {"selector": _selector("redis"), "ports": ports},
    }
    return service, _workload("StatefulSet", REDIS, "redis", pod, more)
