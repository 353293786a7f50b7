"""ops/kubernetes/bridge.yaml: valid for Kubernetes, and its pods can do no more than they must."""

import re

import kubernetes_validate
import pytest
import yaml
from running import ROOT

FILE = ROOT / "ops" / "kubernetes" / "bridge.yaml"
OBJECTS = list(yaml.safe_load_all(FILE.read_text("utf-8")))
# The oldest that is still maintained, and the newest whose schema is at hand.
VERSIONS = ("1.33", kubernetes_validate.latest_version())


def of(kind):
    return {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] == kind}


def pods():
    """The pod of each Deployment and Job, by name."""
    for kind in ("Deployment", "Job"):
        for name, one in of(kind).items():
            yield pytest.param(one["spec"]["template"], id=name)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(version):
    """By Kubernetes' own schema, which knows no other keys than its own."""
    for one in OBJECTS:
        kubernetes_validate.validate(one, version, strict=True)


def test_a_misspelt_key_is_found():
    """The schema of the test above looks into containers."""
    [job] = of("Job").values()
    wrong = yaml.safe_load(yaml.safe_dump(job).replace("envFrom", "envForm"))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


@pytest.mark.parametrize("pod", [*pods()])
def test_a_pod_can_do_little(pod):
    """Not root, a read-only root, no capability, no token of the cluster; memory is bounded, scratch is /tmp."""
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        own = container["securityContext"]
        assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]


def test_the_account_is_that_of_the_image():
    """What the image's files belong to."""
    image = (ROOT / "Dockerfile").read_text("utf-8")
    [account] = re.findall(r"^USER (\d+)$", image, re.MULTILINE)
    users = re.findall(r"runAs(?:User|Group): (\d+)", FILE.read_text("utf-8"))
    assert set(users) == {account}


def test_what_runs_on_is_probed_and_survives_a_drain():
    """Each Deployment has probes, a budget that is smaller than it, and more time to end than SIGTERM gives."""
    budgets = of("PodDisruptionBudget")
    for name, one in of("Deployment").items():
        [container] = one["spec"]["template"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        budget = budgets[name]["spec"]
        assert budget["minAvailable"] < one["spec"]["replicas"]
        assert budget["selector"] == one["spec"]["selector"]
        assert one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 30


def test_selectors_find_their_pods():
    """A service, budget or deployment whose labels no pod has would be empty, and say nothing."""
    labels = [one.values[0]["metadata"]["labels"].items() for one in pods()]
    for kind in ("Service", "PodDisruptionBudget", "Deployment"):
        for name, one in of(kind).items():
            selector = one["spec"]["selector"]
            wanted = selector.get("matchLabels", selector).items()
            assert any(wanted <= found for found in labels), name


def test_ports_that_are_named_exist():
    """Probes, services, the policy and the ingress name ports of containers."""
    text = FILE.read_text("utf-8")
    named = set(re.findall(r"(?:targetPort|port): ([a-z]+)", text))
    declared = set(re.findall(r"name: (\w+), containerPort", text))
    assert named == declared == {"hooks", "admin"}


def test_the_outside_reaches_hooks_alone():
    """The ingress leads to /hooks/; who may ask the admin port is the monitoring's namespace."""
    [ingress] = of("Ingress").values()
    [rule] = ingress["spec"]["rules"]
    assert [path["path"] for path in rule["http"]["paths"]] == ["/hooks/"]
    [policy] = of("NetworkPolicy").values()
    for one in policy["spec"]["ingress"]:
        assert ({"port": "admin"} in one["ports"]) == ("from" in one)
