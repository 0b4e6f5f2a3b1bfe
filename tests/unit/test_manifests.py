"""The manifests of deploy/kubernetes: by the API's own schemas where these are installed, and what ours must have."""

from pathlib import Path

import pytest
import yaml

from webhooks.settings import VARIABLES

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
KUBERNETES = "1.31"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))
OBJECTS = [
    (name, each) for name in FILES for each in yaml.safe_load_all((FOLDER / name).read_text()) if "kustom" not in name
]
RUN = [each for _, each in OBJECTS if each["kind"] in ("Deployment", "StatefulSet")]


def name_of(workload):
    return workload["metadata"]["name"]


def test_every_file_but_the_example_of_a_secret_is_applied():
    applied = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]

    assert set(applied) == set(FILES) - {"kustomization.yaml", "secret.example.yaml"}


@pytest.mark.parametrize(("name", "manifest"), OBJECTS, ids=[f"{name}:{each['kind']}" for name, each in OBJECTS])
def test_a_manifest_is_what_the_schema_of_kubernetes_asks_for(name, manifest):
    validator = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed: pip install -r requirements/manifests.lock"
    )

    validator.validate(manifest, KUBERNETES, strict=True)


@pytest.mark.parametrize("workload", RUN, ids=name_of)
def test_a_pod_has_no_rights_writes_nothing_but_its_volumes_and_is_probed(workload):
    pod = workload["spec"]["template"]["spec"]
    [container] = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "livenessProbe" in container


@pytest.mark.parametrize(
    "workload", [each for each in RUN if name_of(each) in ("worker", "handlers", "api")], ids=name_of
)
def test_what_has_attempts_or_calls_in_flight_has_time_to_finish_them(workload):
    assert workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 75


def test_a_pod_is_selected_by_the_labels_that_it_has():
    for workload in RUN:
        assert workload["spec"]["selector"]["matchLabels"] == workload["spec"]["template"]["metadata"]["labels"]


def test_only_settings_that_exist_are_set():
    told = [set(each.get("data", {})) | set(each.get("stringData", {})) for _, each in OBJECTS]

    assert set().union(*told) <= set(VARIABLES)


def test_the_conveyor_is_as_wide_as_the_workers_are_many():
    config = next(each["data"] for _, each in OBJECTS if each["kind"] == "ConfigMap")
    worker = next(each for each in RUN if name_of(each) == "worker")
    command = worker["spec"]["template"]["spec"]["containers"][0]["command"]

    assert int(config["HOOKLINE_WORKER_PROCESSES"]) == worker["spec"]["replicas"]
    assert config["HOOKLINE_WORKER_SLOTS"] == command[command.index("-c") + 1]
