"""compose.yaml and the image: valid, and what a fresh clone starts receives and delivers, its steps run as commands."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import compose_file
import compose_spec
import pytest
import requests
from compose_file import ROOT
from running import eventually, free_port

from bridge.strict import http

EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
JOBS = {"migrate"}  # ends; its exit code is what the others wait for


def test_the_file_is_a_compose_file():
    """By the rules of the specification: keys, kinds, and that networks, volumes and services which are named exist."""
    compose_spec.PyCompose.from_yaml(compose_file.plain()).validate()
    for right, wrong in (
        ("restart: unless-stopped", "restart: at-times"),
        ("healthcheck:", "healthchek:"),
        ("internal: true", "internal: perhaps"),
    ):
        text = compose_file.plain().replace(right, wrong)
        with pytest.raises(ValueError):
            compose_spec.PyCompose.from_yaml(text).validate()


def test_every_service_has_a_health_check():
    """But for the job that ends by itself."""
    for name, service in compose_file.services().items():
        assert name in JOBS or service["healthcheck"].get("test"), name


def test_a_service_of_ours_can_do_little():
    """A read-only root, no capability, no new privileges, no other account than the image's."""
    for service in compose_file.services().values():
        if service["image"] == "bridge":
            assert service["read_only"] and service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert "user" not in service and "privileged" not in service


def test_only_monitoring_reaches_the_admin_bind():
    """It is bound to the service's address in a network without a way out; no port of it is published."""
    for name, service in compose_file.services().items():
        bind = service.get("environment", {}).get("BRIDGE_ADMIN_BIND")
        assert all("8081" not in str(port) for port in service.get("ports", []))
        if bind and name not in JOBS:
            address = service["networks"]["monitoring"]["ipv4_address"]
            assert bind == f"{address}:8081"
    assert "monitoring:" in compose_file.text()
    binds = set(re.findall(r"BRIDGE_ADMIN_BIND: \"?([\d.]+)", compose_file.text()))
    assert len(binds) == 3 and not any(one.startswith("0.") for one in binds)


def test_prometheus_asks_where_the_bridges_are():
    """Each target of ops/compose/prometheus.yml, also those in its comment, is an admin bind."""
    targets = (ROOT / "ops/compose/prometheus.yml").read_text("utf-8")
    wanted = set(re.findall(r"BRIDGE_ADMIN_BIND: \"?([\d.:]+)", compose_file.text()))
    assert set(re.findall(r"[\d.]+:8081", targets)) == wanted


def test_every_variable_is_explained():
    """What compose.yaml and the sample take from outside stands in .env.example, each below its own comment."""
    named = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text("utf-8")))
    named |= set(compose_file.env_file(ROOT / "ops/compose/sample.env"))
    explained = re.findall(r"^# .*\n(?:#[A-Z_]+=.*\n)*?#([A-Z_]+)=", EXAMPLE, re.M)
    assert named <= set(explained)


def test_the_example_says_the_defaults():
    """A line of .env.example that is commented out is what holds without it."""
    defaults = dict(
        re.findall(r"\$\{(\w+):-([^}]*)\}", (ROOT / "compose.yaml").read_text("utf-8"))
    )
    defaults |= compose_file.env_file(ROOT / "ops/compose/sample.env")
    for name, value in defaults.items():
        assert f"\n#{name}={value}\n" in EXAMPLE, name


def test_the_sample_has_no_secrets_but_its_own():
    """The folder that a fresh clone mounts names nothing that sample.env does not give."""
    text = (ROOT / "ops/compose/mappings/first.yaml").read_text("utf-8")
    given = compose_file.env_file(ROOT / "ops/compose/sample.env")
    assert set(re.findall(r"env: (\w+)", text)) == {
        name for name in given if not name.startswith("BRIDGE_")
    }


def test_what_the_image_copies_is_there():
    """Each COPY of the Dockerfile has its source, and links within the package have their targets."""
    copied = [
        source
        for word, rest in compose_file.image()
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert [source for source in copied if not (ROOT / source).exists()] == []
    links = [path for path in (ROOT / "bridge").rglob("*") if path.is_symlink()]
    for link in links:
        target = link.resolve().relative_to(ROOT).as_posix()
        assert target in copied, f"{link.name} would lead nowhere in the image"


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """`docker compose up bridge` of a fresh clone without an engine: the same commands, environment and files."""
    places = Places(tmp_path_factory.mktemp("compose"))
    with ExitStack() as stack:
        for name in ("sandbox", "bridge"):  # as depends_on has it
            stack.enter_context(places.running(name))
        yield places


class Places:
    """What containers have of their own, on one machine: addresses, ports and folders."""

    def __init__(self, folder):
        self.hooks, self.admin, self.sandbox = free_port(), free_port(), free_port()
        self._names = {
            # The monitoring network's address becomes one of loopback that is not 127.0.0.1.
            "172.30.81.10:8081": f"127.81.0.10:{self.admin}",
            "0.0.0.0:8080": f"0.0.0.0:{self.hooks}",
            "0.0.0.0:8090": f"0.0.0.0:{self.sandbox}",
            "127.0.0.1:8090": f"127.0.0.1:{self.sandbox}",
            "sandbox:8090": f"127.0.0.1:{self.sandbox}",
            "172.30.80.0/24": "127.0.0.0/8",
            "/app/mappings": str(ROOT / "ops/compose/mappings"),
            "sqlite:////data": f"sqlite:///{folder}",
        }
        self._folder = folder

    def here(self, text):
        for there, here in self._names.items():
            text = text.replace(there, here)
        return text

    def environ(self, service):
        """The image's variables, then the env files, then the service's own."""
        found = compose_file.image_environment()
        del found["PATH"]
        for one in service["env_file"]:
            if one.get("required", True):
                found |= compose_file.env_file(ROOT / one["path"])
        found |= service.get("environment", {})
        bind = {"BRIDGE_BIND": f"127.0.0.1:{self.hooks}"}  # 127.0.0.1:8080 in there
        return {
            "PATH": os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin:/bin"]),
            **{name: self.here(value) for name, value in found.items()},
            **bind,
        }

    @contextmanager
    def running(self, name):
        """A service's process, once its own health check says that it is well."""
        service = compose_file.services()[name]
        command = service.get("command") or compose_file.image_command("CMD")
        log = (self._folder / f"{name}.log").open("wb")
        process = subprocess.Popen(
            [*map(self.here, command)],
            cwd=self._folder,
            env=self.environ(service),
            stdout=log,
            stderr=log,
        )
        try:
            assert eventually(lambda: self.is_well(service)), (
                self._folder / f"{name}.log"
            ).read_text()
            yield process
        finally:
            process.terminate()
            assert process.wait(timeout=120) in (0, -15)
            log.close()

    def is_well(self, service):
        test = [self.here(word) for word in service["healthcheck"]["test"][1:]]
        done = subprocess.run(test, env=self.environ(service), capture_output=True)
        return done.returncode == 0


@pytest.mark.slow
def test_a_fresh_clone_receives_and_delivers(started):
    """The sample's event goes in at the published port, and its ticket is changed; nothing was set before."""
    recorded = http.parse(
        (ROOT / "ops/compose/mappings/payloads/order.paid.http").read_bytes()
    )
    secret = compose_file.env_file(ROOT / "ops/compose/sample.env")["FIRST_SECRET"]
    answer = requests.post(
        f"http://127.0.0.1:{started.hooks}/hooks/first",
        data=recorded.body,
        headers={"Authorization": f"Bearer {secret}"},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    ticket = f"http://127.0.0.1:{started.sandbox}/_sandbox/tickets"
    assert eventually(lambda: "/tickets/4711" in requests.get(ticket, timeout=60).text)


@pytest.mark.slow
def test_metrics_are_at_the_monitoring_address_alone(started):
    """The published network's address does not answer for them; the hooks' port has none."""
    there = f"http://127.81.0.10:{started.admin}/metrics"
    assert "bridge_" in requests.get(there, timeout=60).text
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{started.admin}/metrics", timeout=60)
    hooks = f"http://127.0.0.1:{started.hooks}/metrics"
    assert requests.get(hooks, timeout=60).status_code == 404


def test_image_and_compose_check_health_alike():
    """Whoever runs the image without compose gets the same check."""
    said = compose_file.image_command("HEALTHCHECK")
    wanted = compose_file.services()["bridge"]["healthcheck"]["test"]
    assert ["CMD", *said] == wanted
