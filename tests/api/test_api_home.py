"""Status, causes, bulk acts, sources and connections over the API."""

import faces
import pytest
from dying import TICKETS, dead, route, work
from running import MAPPING
from working import paid


@pytest.fixture
def parts(sqlite, tmp_path, monkeypatch):
    """Three dead letters of one cause."""
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_canary")
    monkeypatch.setenv("VAMBE_API_KEY", "canary")
    monkeypatch.setenv("KAPTURE_TOKEN", "canary")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "rules.yaml").write_text(MAPPING)
    made = faces.parts(sqlite, tmp_path)
    rules = made.rules.current()
    route(sqlite, rules, *(paid(f"e{n}", ticket=TICKETS[n]) for n in range(3)))
    for id in (1, 2, 3):
        dead(sqlite, id)
    return made


@pytest.fixture
def ask(parts):
    """Asks the API as somebody with a role; the answer's status and JSON."""
    client = faces.admin(parts)

    def asked(method, path, role="admin", **given):
        headers = faces.bearer(parts.database, role=role)
        answer = client.open(f"/api/v1{path}", method=method, headers=headers, **given)
        return answer.status_code, answer.get_json(force=True)

    return asked


def test_a_cause_is_retried_over_the_api(ask, parts):
    """Causes, plan, start and progress are enough to retry everything that failed for one cause."""
    status, causes = ask("GET", "/causes", role="viewer")
    assert (status, causes["total"]) == (200, 3)
    (cause,) = causes["data"]
    words = f"cause:{cause['id']}"
    status, plan = ask("POST", "/bulk", json={"act": "retry", "words": words})
    assert (status, plan["state"], plan["to_do"], plan["tickets"]) == (
        201,
        "planned",
        3,
        3,
    )
    status, started = ask(
        "POST", f"/bulk/{plan['id']}/start", json={"reason": "back", "per_minute": 6000}
    )
    assert (status, started["state"]) == (200, "running")
    work(parts.database)
    status, found = ask("GET", f"/bulk/{plan['id']}")
    assert (found["state"], found["counts"]) == ("finished", {"done": 3})
    status, items = ask("GET", f"/bulk/{plan['id']}/items?limit=2")
    assert [row["target"] for row in items["data"]] == [1, 2]
    status, rest = ask("GET", f"/bulk/{plan['id']}/items?cursor={items['next']}")
    assert [row["target"] for row in rest["data"]] == [3]
    assert ask("GET", "/bulk")[1]["data"][0]["id"] == plan["id"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"act": "retry", "words": " "}, 422, "bad_plan"),
        ({"act": "retry", "words": "state:nonsense"}, 400, "bad_filter"),
        ({"act": "retry", "words": "state:waiting code:http_1"}, 404, "nothing_found"),
        ({"act": "retry", "words": "cause:0123456789ab"}, 404, "no_such_cause"),
        ({"act": "explode", "words": "1"}, 422, None),
    ],
)
def test_a_plan_that_cannot_be_made_says_why(ask, body, status, code):
    """A plan that cannot be made is a problem with a code, and stores nothing."""
    found, problem = ask("POST", "/bulk", json=body)
    assert found in (status, 400) and found >= 400
    assert code is None or problem["code"] == code
    assert ask("GET", "/bulk")[1]["data"] == []


def test_acts_need_their_scope_and_their_state(ask):
    """A viewer may not plan or start, and what is over cannot be started again."""
    assert (
        ask("POST", "/bulk", role="viewer", json={"act": "retry", "words": "1"})[0]
        == 403
    )
    _, plan = ask("POST", "/bulk", json={"act": "cancel", "words": "1"})
    assert ask("POST", f"/bulk/{plan['id']}/start", role="viewer", json={})[0] == 403
    assert ask("POST", f"/bulk/{plan['id']}/cancel", json={})[0] == 200
    status, problem = ask("POST", f"/bulk/{plan['id']}/start", json={})
    assert (status, problem["code"]) == (409, "not_now")
    assert ask("GET", "/bulk/99")[0] == 404


def test_the_state_can_be_read_and_acknowledged(ask):
    """The status names what needs a person, and says who has seen it."""
    status, found = ask("GET", "/status", role="viewer")
    assert (status, found["calm"], found["dead"]) == (200, False, 3)
    (incident,) = [one for one in found["incidents"] if one["kind"] == "dead"]
    body = {"incident": incident["id"], "reason": "known"}
    assert ask("POST", "/status/acknowledgements", json=body)[0] == 201
    _, found = ask("GET", "/status")
    seen = [one["seen_why"] for one in found["incidents"] if one["kind"] == "dead"]
    assert seen == ["known"]


def test_sources_and_connections_show_no_secret(ask):
    """Sources and connections name where secrets come from, and never what is in them."""
    for path, name in (("/sources", "stripe"), ("/connections", None)):
        status, found = ask("GET", path, role="viewer")
        assert status == 200 and found["data"]
        name = name or found["data"][0]["name"]
        status, one = ask("GET", f"{path}/{name}", role="viewer")
        assert (status, one["name"]) == (200, name)
        assert "canary" not in str((found, one))
        assert "{env: " in str(one["secrets"])
        assert ask("GET", f"{path}/nobody")[0] == 404
