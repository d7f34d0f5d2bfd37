"""The compose file, the manifests and the provisioning are what their schemas say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
MANIFESTS = sorted(
    path for path in (DOCKER / "k8s").glob("*.yaml") if path.name != "kustomization.yaml"
)


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def test_the_compose_file_is_one():
    command = ["check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    file = str(DOCKER / "compose.yaml")
    done = subprocess.run([sys.executable, "-m", *command, file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_each_manifest_is_one(path: Path):
    kubernetes_validate.validate(load(path), "1.32", strict=True)


def test_all_manifests_are_applied():
    listed = load(DOCKER / "k8s" / "kustomization.yaml")["resources"]
    assert sorted(listed) == [path.name for path in MANIFESTS]


def flow_pod() -> Any:
    return load(DOCKER / "k8s" / "flow.yaml")["spec"]["template"]["spec"]


def test_probes_ask_the_metrics_port_alone():
    (container,) = flow_pod()["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert f"--metrics=0.0.0.0:{ports['metrics-0']}" in container["args"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] == "metrics-0"
        assert asked["path"] in ("/live", "/ready")


def test_a_run_is_one_pod_whose_processes_have_a_core_and_a_port_each():
    flow = load(DOCKER / "k8s" / "flow.yaml")["spec"]
    (container,) = flow_pod()["containers"]
    (processes,) = (
        int(arg.partition("=")[2]) for arg in container["args"] if arg.startswith("--processes=")
    )
    assert flow["replicas"] == 1
    (claim,) = flow["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    ports = [port["containerPort"] for port in container["ports"]]
    assert ports == list(range(9464, 9464 + processes))
    service = load(DOCKER / "k8s" / "service.yaml")["spec"]
    assert [port["targetPort"] for port in service["ports"]] == ports
    assert int(container["resources"]["requests"]["cpu"]) >= processes


def test_the_pod_lets_nobody_in_but_to_its_metrics():
    policy = load(DOCKER / "k8s" / "networkpolicy.yaml")["spec"]
    (rule,) = policy["ingress"]
    (port,) = rule["ports"]
    assert (port["port"], port["endPort"]) == (9464, 9495)
    assert policy["policyTypes"] == ["Ingress", "Egress"]


def test_everything_runs_without_root_or_rights():
    for path in ("flow.yaml", "topics.yaml"):
        pod = load(DOCKER / "k8s" / path)["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            held = container["securityContext"]
            assert held["readOnlyRootFilesystem"] is True
            assert held["allowPrivilegeEscalation"] is False
            assert held["capabilities"] == {"drop": ["ALL"]}


def test_no_secret_stands_in_a_file():
    compose = load(DOCKER / "compose.yaml")
    assert all(set(one) == {"file"} for one in compose["secrets"].values())
    kinds = [load(path)["kind"] for path in MANIFESTS]
    assert "Secret" not in kinds


def test_each_process_of_the_flow_is_scraped():
    flow = load(DOCKER / "compose.yaml")["services"]["flow"]
    (scrape,) = load(DOCKER / "prometheus" / "prometheus.yml")["scrape_configs"]
    (targets,) = (one["targets"] for one in scrape["static_configs"])
    assert targets == [f"flow:{port}" for port in flow["expose"]]
    assert f"--processes={len(targets)}" in flow["command"]
