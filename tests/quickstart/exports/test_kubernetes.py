"""The kustomize base: every object fits Kubernetes' schema of its kind, and together they make what was meant."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.export_readers import manifests
from support.exported import a_source, edited

from gateway.entities import load
from gateway.settings import Settings
from quickstart.exports._bundle import Bundle, Wish
from quickstart.exports._source import source
from quickstart.exports.kubernetes import REDIS, export


def objects(text: str) -> dict[tuple[str, str], Any]:
    return {(one["kind"], one["metadata"]["name"]): one for one in manifests(text)}


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return export(a_source(edited()), Wish(image="registry.test:5000/team/gateway:7"))


def test_every_object_fits_its_schema_in_both_forms(bundle: Bundle) -> None:
    alone = objects(bundle.stream)
    assert set(alone) == {
        ("ConfigMap", "ai-gateway"), ("Deployment", "ai-gateway"), ("Service", "ai-gateway"),
        ("PodDisruptionBudget", "ai-gateway"), ("HorizontalPodAutoscaler", "ai-gateway"),
        ("Service", REDIS), ("StatefulSet", REDIS),
    }  # fmt: skip
    files = {name: str(content) for name, content in bundle.files.items()}
    own = [name for name in files if name not in ("kong.yml", "kustomization.yaml")]
    assert sum(len(manifests(files[name])) for name in own) == len(alone) - 1
    kustomization = yaml.safe_load(files["kustomization.yaml"])
    assert sorted(kustomization["resources"]) == sorted(own)
    assert kustomization["images"] == [
        {"name": "ai-gateway", "newName": "registry.test:5000/team/gateway", "newTag": "7"}
    ]
    assert alone["ConfigMap", "ai-gateway"]["data"]["kong.yml"] == files["kong.yml"]


@pytest.mark.parametrize(
    ("image", "chosen"),
    [
        ("r.test:5000/gw", {"newName": "r.test:5000/gw"}),
        ("r.test/gw@sha256:" + "a" * 64, {"newName": "r.test/gw", "digest": "sha256:" + "a" * 64}),
        ("", {"newName": "ai-gateway", "newTag": "0.1.0"}),
    ],
)
def test_an_image_is_named_as_kustomize_takes_it(image: str, chosen: dict[str, str]) -> None:
    made = yaml.safe_load(str(export(a_source(), Wish(image=image)).files["kustomization.yaml"]))
    assert made["images"] == [{"name": "ai-gateway", **chosen}]


def test_the_gateway_can_read_its_settings_and_configuration(bundle: Bundle) -> None:
    deployment = objects(bundle.stream)["Deployment", "ai-gateway"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    settings = Settings.from_env({one["name"]: one["value"] for one in container["env"]})
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert mounts[str(settings.declarative_config.parent)] == "configuration"  # type: ignore[union-attr]
    assert mounts[str(settings.vault_env_file.parent)] == "keys"  # type: ignore[union-attr]
    load(str(bundle.files["kong.yml"]))
    probes = [container[name]["httpGet"]["path"] for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert probes == ["/status/ready", "/status/ready", "/status"]


def test_nodes_are_replaced_one_by_one_and_told_to_drain(bundle: Bundle) -> None:
    found = objects(bundle.stream)
    spec = found["Deployment", "ai-gateway"]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pod = spec["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 330 and pod["containers"][0]["lifecycle"]["preStop"]
    assert "replicas" not in spec, "the autoscaler's number must not be undone"
    for kind in ("PodDisruptionBudget", "Service"):
        selector = found[kind, "ai-gateway"]["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        assert wanted.items() <= spec["template"]["metadata"]["labels"].items()
    assert found["HorizontalPodAutoscaler", "ai-gateway"]["spec"]["scaleTargetRef"]["name"] == "ai-gateway"


def test_limits_count_in_the_redis_beside_it(bundle: Bundle) -> None:
    document = yaml.safe_load(str(bundle.files["kong.yml"]))
    (limit,) = [row for row in document["plugins"] if row["name"] == "rate-limiting"]
    assert limit["config"]["policy"] == "redis" and limit["config"]["redis"]["host"] == REDIS
    assert any(REDIS in note.message for note in bundle.notes)


def test_a_secret_is_named_and_never_made(bundle: Bundle) -> None:
    assert not [kind for kind, _ in objects(bundle.stream) if kind == "Secret"]
    pod = objects(bundle.stream)["Deployment", "ai-gateway"]["spec"]["template"]["spec"]
    (keys,) = [volume for volume in pod["volumes"] if volume["name"] == "keys"]
    assert keys["secret"]["secretName"] == "ai-gateway-keys"
    assert any("kubectl create secret generic ai-gateway-keys" in note.hint for note in bundle.notes)
    keyless = export(source('_format_version: "3.0"\nservices: [{name: a, url: "http://h.test"}]\n', {}), Wish())
    assert "ai-gateway-keys" not in keyless.stream


def test_a_changed_configuration_changes_the_pods(bundle: Bundle) -> None:
    document = edited()
    document["plugins"].append({"name": "correlation-id"})
    other = export(a_source(document), Wish())

    def checksum(text: str) -> str:
        template = objects(text)["Deployment", "ai-gateway"]["spec"]["template"]
        return str(template["metadata"]["annotations"]["ai-gateway/configuration"])

    assert checksum(bundle.stream) != checksum(other.stream)


@pytest.mark.skipif(
    not shutil.which("kubectl"), reason="kubectl is not installed; the files are checked by schema above"
)
def test_kustomize_builds_it(bundle: Bundle, tmp_path: Path) -> None:
    for name, content in bundle.files.items():
        (tmp_path / name).write_text(str(content))
    done = subprocess.run(["kubectl", "kustomize", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    deployment = next(one for one in manifests(done.stdout) if one["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.test:5000/team/gateway:7"
    (configuration,) = [volume for volume in pod["volumes"] if volume["name"] == "configuration"]
    assert configuration["configMap"]["name"].startswith("ai-gateway-"), "renamed when it changes"
