"""An API that guards what it holds by ETags: who writes names the version that he knows, or is refused."""

import json
from ipaddress import ip_network

from answering import Answering
from werkzeug.wrappers import Request as Asked
from werkzeug.wrappers import Response
from working import Bench

from bridge.outbound import Outbound
from bridge.store import views
from bridge.worker import Worker

MAPPING = """\
version: 1
source:
  name: shop
  provider: generic
  verify: {{ scheme: token, header: X-Token, secret: {{ env: SHOP_SECRET }} }}
  event: {{ type: body.type, id: body.id }}
  fetch:
    target: http.request
    connection: {{ base_url: {vault} }}
    auth: {{ bearer: {{ env: SHOP_TOKEN }} }}
    fields: {{ method: GET, path: "/boxes/{{{{ event.box }}}}" }}
rules:
  - id: add-to-box
    when: fetched.open
    target: http.request
    connection: {{ base_url: {vault} }}
    auth: {{ bearer: {{ env: VAULT_TOKEN }} }}
    fields:
      method: PUT
      path: "/boxes/{{{{ event.box }}}}"
      headers: {{ If-Match: "{{{{ fetched_headers.etag }}}}" }}
      body: {{ total: "{{{{ fetched.total + event.more }}}}", open: true }}{more}
"""


class Vault(Answering):
    """Boxes by name: version, and what they hold.

    `meddle` says before which writes somebody else writes first, `say` what is answered next to a method instead.
    """

    def __init__(self):
        super().__init__()
        self.boxes, self.meddle, self.say = {}, [], {}
        self.calls, self.keys = [], []

    def __call__(self, environ, start):
        asked = Asked(environ)
        name = asked.path.rpartition("/")[2]
        self.calls.append((asked.method, name))
        if asked.method == "PUT":
            self.keys.append(asked.headers.get("Idempotency-Key"))
        if said := self.say.get(asked.method):
            return Response("{}", said.pop(0))(environ, start)
        if asked.method == "PUT" and self.meddle and self.meddle.pop(0):
            version, held = self.boxes[name]
            self.boxes[name] = version + 1, {**held, "total": held["total"] + 1000}
        version, held = self.boxes[name]
        if asked.method == "PUT":
            if asked.headers.get("If-Match") != f'"v{version}"':
                return Response("{}", 412)(environ, start)
            version, held = version + 1, json.loads(asked.data)
            self.boxes[name] = version, held
        answer = Response(json.dumps(held), 200, mimetype="application/json")
        answer.headers["ETag"] = f'"v{version}"'
        answer.headers["Set-Cookie"] = "session=secret"
        return answer(environ, start)


class VaultBench(Bench):
    """A bench whose rule adds to a box what an event says."""

    def __init__(self, database, sandbox, vault, more=""):
        self.vault = vault
        super().__init__(database, sandbox, MAPPING.format(vault=vault.url, more=more))

    def new_worker(self):
        outbound = Outbound(allowed_networks=[ip_network("127.0.0.0/8")])
        return Worker(self.database, lambda: self.ruleset, outbound, clock=self.clock)

    def receive(self, box, more, id="1"):
        body = {"type": "add", "box": box, "more": more, "id": id}
        return self.accept("shop", body).ids[0]

    def updates(self):
        return [row for row in self.deliveries() if not row["look_up"]]

    def shown(self, id):
        with self.database.read() as connection:
            return views.delivery(connection, id)
