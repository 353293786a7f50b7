"""ops/alerts.yml and the dashboard by Prometheus' own word: they load, and each alert fires for what it is about."""

import json
import subprocess

import pytest
import yaml
from programs import program
from running import ROOT

ALERTS = ROOT / "ops" / "alerts.yml"
DASHBOARD = ROOT / "ops" / "grafana-dashboard.json"
NAMES = [
    rule["alert"]
    for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
# What has to be seen for the alert: a series, and its values minute by minute. `healthy` below has none of it.
SEEN = {
    "BridgeDown": ('up{job="bridge",instance="a"}', "0x300"),
    "BridgeNotAccepting": (
        'bridge_hook_requests_total{source="s",result="store_unavailable"}',
        "0+10x300",
    ),
    "BridgeNotRouting": ("bridge_oldest_unrouted_seconds", "120x300"),
    "BridgeConnectionParked": ('bridge_connection_parked{connection="c"}', "1x300"),
    "BridgeBreakerOpen": ('bridge_connection_breaker_open{connection="c"}', "1x300"),
    "BridgeWaitingTooLong": (
        'bridge_oldest_waiting_seconds{connection="c"}',
        "2000x300",
    ),
    "BridgeDeadLetters": ('bridge_deliveries{connection="c",state="dead"}', "2x300"),
    "BridgeHeldDeliveries": ('bridge_deliveries{connection="c",state="held"}', "2x300"),
    "BridgeRuleErrors": (
        'bridge_decisions_total{source="s",said="error"}',
        "0+1x300",
    ),
    "BridgeRefusingSender": (
        'bridge_hook_requests_total{source="s",result="wrong_signature"}',
        "0+60x300",
    ),
    "BridgeDegraded": ("bridge_ruleset_degraded", "1x300"),
    "BridgeProcessDies": ("bridge_processes_dying", "1x300"),
    "BridgePausedLong": ("bridge_pauses", "1x300"),
    "BridgeSlowStore": ('bridge_store_commit_seconds_bucket{le="+Inf"}', "0+60x300"),
    "BridgeSlowVendor": (
        'bridge_attempt_seconds_bucket{connection="c",le="+Inf"}',
        "0+60x300",
    ),
}
# Where an alert is about a share: what else there is of it. Nothing of a histogram is under its longest step.
BESIDE = {
    "BridgeSlowStore": [('bridge_store_commit_seconds_bucket{le="1"}', "0+1x300")],
    "BridgeSlowVendor": [
        ('bridge_attempt_seconds_bucket{connection="c",le="20"}', "0+1x300")
    ],
}
HEALTHY = [
    ('up{job="bridge",instance="b"}', "1x300"),
    ('bridge_hook_requests_total{source="t",result="accepted"}', "0+100x300"),
    ("bridge_oldest_unrouted_seconds", "1x300"),
    ('bridge_connection_parked{connection="d"}', "0x300"),
    ('bridge_connection_breaker_open{connection="d"}', "0x300"),
    ('bridge_oldest_waiting_seconds{connection="d"}', "2x300"),
    ('bridge_deliveries{connection="d",state="dead"}', "0x300"),
    ('bridge_decisions_total{source="t",said="matched"}', "0+100x300"),
    ("bridge_ruleset_degraded", "0x300"),
    ("bridge_processes_dying", "0x300"),
    ("bridge_pauses", "0x300"),
]


def promtool(*arguments, folder):
    done = subprocess.run(
        [program("promtool"), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def judged(folder, series, name, count):
    """Has promtool say whether after 299 minutes so many alerts of that name fire."""
    query = f'count(ALERTS{{alertname=~"{name}",alertstate="firing"}}) or vector(0)'
    test = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": s, "values": v} for s, v in series],
                "promql_expr_test": [
                    {
                        "expr": query,
                        "eval_time": "299m",
                        "exp_samples": [{"labels": "{}", "value": count}],
                    }
                ],
            }
        ],
    }
    (folder / "test.yml").write_text(yaml.safe_dump(test))
    promtool("test", "rules", "test.yml", folder=folder)


def test_the_alerts_load(tmp_path):
    """All of them, by promtool."""
    said = promtool("check", "rules", ALERTS, folder=tmp_path)
    assert f"{len(NAMES)} rules found" in said


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires(tmp_path, name):
    """For what it is about, once."""
    judged(tmp_path, [SEEN[name], *BESIDE.get(name, [])], name, 1)


def test_nothing_fires_when_all_is_well(tmp_path):
    """A healthy bridge wakes nobody."""
    judged(tmp_path, HEALTHY, ".+", 0)


def test_the_dashboard_asks_what_prometheus_understands(tmp_path):
    """Each query of a panel can be loaded as a rule."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [
        {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(queries)
    ]
    groups = {"groups": [{"name": "dashboard", "rules": rules}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(groups))
    said = promtool("check", "rules", "rules.yml", folder=tmp_path)
    assert f"{len(queries)} rules found" in said


def test_the_prometheus_of_compose_can_start(tmp_path):
    """Its configuration is right, with the alerts in their place."""
    text = (ROOT / "ops/compose/prometheus.yml").read_text("utf-8")
    text = text.replace("/etc/prometheus/alerts.yml", str(ALERTS))
    (tmp_path / "prometheus.yml").write_text(text)
    promtool("check", "config", "prometheus.yml", folder=tmp_path)
