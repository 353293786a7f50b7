"""The dashboard and the alert rules: they parse, and every metric they name is one that /metrics has."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families

from bridge import mapping, metrics
from bridge.services.gauges import DEGRADED, DYING, GAUGES, gauges
from bridge.services.rulesets import Active

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "ops" / "grafana-dashboard.json").read_text("utf-8"))
ALERTS = yaml.safe_load((ROOT / "ops" / "alerts.yml").read_text("utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")

_NAME = re.compile(r"\bbridge_[a-z_]+")

OURS = (*GAUGES, DEGRADED[0], DYING[0])
# Of the store's numbers, which are counted by nothing where they are not here.
LABELS = {
    "bridge_deliveries": {"connection", "state"},
    "bridge_oldest_waiting_seconds": {"connection"},
    "bridge_connection_parked": {"connection"},
    "bridge_connection_breaker_open": {"connection"},
}


def declared():
    """Every series by its name in a query, with the labels that it has."""
    found = {name: LABELS.get(name, set()) for name in OURS}
    for metric in vars(metrics).values():
        if isinstance(metric, Counter):
            found[f"{metric._name}_total"] = set(metric._labelnames)
        elif isinstance(metric, Histogram):
            found[f"{metric._name}_bucket"] = {*metric._labelnames, "le"}
    return found


def _queries():
    """Every expression, with the alert or panel it is of."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


QUERIES = [*_queries()]


@pytest.mark.parametrize(("where", "query"), QUERIES)
def test_a_query_names_metrics_that_there_are(where, query):
    """Its brackets close, and each name is a series of ours; `up` alone is Prometheus's."""
    for opening, closing in ("()", "{}", "[]"):
        assert query.count(opening) == query.count(closing)
    names = _NAME.findall(query)
    assert names or query.startswith("up{")
    assert set(names) <= set(declared())


@pytest.mark.parametrize(("where", "query"), QUERIES)
def test_a_query_groups_by_labels_that_there_are(where, query):
    """What is summed is counted by that, and what is picked out is there: each label is one of its metrics'."""
    labels = declared()
    known = set().union(*(labels[name] for name in _NAME.findall(query)))
    wanted = {
        label.strip()
        for group in re.findall(r"(?:by|on|without) \(([^)]*)\)", query)
        for label in group.split(",")
    }
    for name, picked in re.findall(r"(bridge_[a-z_]+)\{([^}]*)\}", query):
        assert set(re.findall(r"(\w+)[!=]", picked)) <= labels[name]
    assert wanted <= known or query.startswith("up{")


def test_every_metric_is_on_the_dashboard():
    """What is measured is shown."""
    shown = {name for _, query in QUERIES for name in _NAME.findall(query)}
    assert shown == set(declared())


def test_panels_do_not_overlap():
    """Each has its own place on the grid of 24 columns."""
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_every_alert_is_explained():
    """docs/operating.md has a heading for each alert, and none for others; each has a severity and a summary."""
    headings = re.findall(r"^### (Bridge\w+)$", OPERATING, re.MULTILINE)
    assert headings == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]


def test_the_stores_numbers_can_be_read(sqlite):
    """/metrics is text that Prometheus parses, each gauge with its help; odd names stay within their quotes."""
    from datetime import UTC, datetime

    from bridge.store.queue import connections

    odd = 'a"b\\c\nd'
    now = datetime.now(UTC)
    sqlite.write(lambda c: connections.park(c, odd, "401", now))
    ruleset = mapping.build({"a.yaml": "version: 1\n"}).ruleset
    text = gauges(sqlite, Active(ruleset=ruleset)).decode()
    families = {one.name: one for one in text_string_to_metric_families(text)}
    assert set(families) == {*OURS}
    (parked,) = families["bridge_connection_parked"].samples
    assert (parked.labels, parked.value) == ({"connection": odd}, 1.0)
    assert all(family.documentation for family in families.values())
    for family in families.values():
        for sample in family.samples:
            assert set(sample.labels) == LABELS.get(family.name, set())
