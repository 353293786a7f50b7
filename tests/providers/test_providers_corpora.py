"""Payloads that others collected go through a real receiver: all are taken, each has the right type and id.

Which corpora there are: corpora.py. One that is not there is named at the end of the run; `make test-sdk` fetches all.
"""

import json
from concurrent.futures import ThreadPoolExecutor

import agreement
import pytest
import requests
from corpora import ACCOUNT, CORPORA, SECRET, SECRETS, github
from rawsockets import NoVendors
from running import bridge, settled

from bridge import providers
from bridge.sandbox import DEFAULT_CREDENTIALS

THERE = [corpus for corpus in CORPORA if corpus.there]


def source(corpus):
    """A mapping file with the corpus's provider as it is."""
    needs = providers.get(corpus.provider).needs_account
    account = f", account: {ACCOUNT}" if needs else ""
    verify = f"{{ secret: {{ env: {variable(corpus)} }}{account} }}"
    named = f"name: {name(corpus)}, provider: {corpus.provider}"
    return f"version: 1\nsource: {{ {named}, verify: {verify} }}\n"


def name(corpus):
    return f"corpus-{CORPORA.index(corpus)}"


def variable(corpus):
    return f"SECRET_OF_CORPUS_{CORPORA.index(corpus)}"


def test_what_a_corpus_says_is_told_apart(tmp_path):
    """Event and action are the type; an example that is there twice is two deliveries."""
    index = [
        {"name": "issues", "examples": [{"action": "opened"}, {"action": "opened"}]},
        {"name": "push", "examples": [{"ref": "refs/heads/main"}]},
    ]
    (tmp_path / "a").mkdir()
    for place in ("a/index.json", "index.json"):
        (tmp_path / place).write_text(json.dumps(index))
    found = list(github(tmp_path))
    assert [one.type for one in found] == ["issues.opened", "issues.opened", "push"] * 2
    assert len({one.id for one in found}) == 6
    assert found == list(github(tmp_path))


def test_what_went_through_is_written_down():
    """docs/senders/corpora.yaml has each corpus with its sender, and no other; `make test-sdk` writes it."""
    known = agreement.written(agreement.PAYLOADS)
    found = {package: row["provider"] for package, row in known.items()}
    assert found == {corpus.package: corpus.provider for corpus in CORPORA}


if THERE:

    @pytest.fixture(scope="module")
    def running(tmp_path_factory):
        """A bridge that receives, with a source for each corpus."""
        folder = tmp_path_factory.mktemp("corpora")
        with bridge(folder, NoVendors, DEFAULT_CREDENTIALS) as made:
            for corpus in THERE:
                file = folder / "mappings" / f"{name(corpus)}.yaml"
                file.write_text(source(corpus))
                secret = SECRETS.get(corpus.provider, SECRET)
                made.environ[variable(corpus)] = secret
            made.start("--no-worker")
            yield made

    @pytest.mark.parametrize("corpus", THERE, ids=str)
    def test_a_corpus_goes_through(running, corpus):
        """Every example is taken with 2xx, is stored under its type and id, and is known when it comes again."""
        examples = list(corpus.examples())
        for _ in range(2):
            statuses = _post(running, corpus, examples)
            assert {status // 100 for status in statuses} == {2}, statuses
        asked = ("events", "list", "--json", "--limit", "100000")
        said = running.run(*asked, "--source", name(corpus))
        events = [json.loads(line) for line in said.stdout.splitlines()]
        wanted = sorted((one.id or "a hash", one.type) for one in examples)
        assert sorted((_told(one["event_id"]), one["type"]) for one in events) == wanted
        assert len({one["event_id"] for one in events}) == len(examples)


def _post(running, corpus, examples):
    """The statuses that the examples get; several at a time, as a sender with much to tell posts them."""
    url = f"{running.url}/hooks/{name(corpus)}"

    def status(example):
        return requests.post(
            url, data=example.body, headers=example.headers, timeout=60
        ).status_code

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda one: settled(lambda: status(one)), examples))


def _told(event_id):
    return "a hash" if event_id.startswith("sha256:") else event_id
