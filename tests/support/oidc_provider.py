"""A small OpenID Connect provider on real HTTP: it signs in whoever it is told, and can be told to be wrong."""

import secrets
import threading
import time
from base64 import b64decode
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "bridge", "a secret & more"


class Provider:
    """`claims` are added to the token; `wrong` changes it after that, or names a fault of the flow."""

    def __init__(self):
        self.key, self.claims, self.wrong = RSAKey.generate_key(2048), {}, {}
        self.signing, self.algorithm = self.key, "RS256"
        self.codes, self.asked = {}, []
        app = Flask("provider")
        app.get("/.well-known/openid-configuration")(self._published)
        app.get("/authorize")(self._authorize)
        app.post("/token")(self._token)
        app.get("/keys")(self._keys)
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def _published(self):
        return jsonify(
            issuer=self.wrong.get("published", self.url),
            authorization_endpoint=f"{self.url}/authorize",
            token_endpoint=f"{self.url}/token",
            jwks_uri=f"{self.url}/keys",
        )

    def _authorize(self):
        asked = request.args
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"]
        code = secrets.token_urlsafe(8)
        self.codes[code] = dict(asked)
        back = {"code": code, "state": asked["state"]}
        return redirect(f"{asked['redirect_uri']}?{urlencode(back)}")

    def _token(self):
        self.asked.append(request.form.to_dict())
        name, _, secret = (
            b64decode(request.headers["Authorization"].split()[1])
            .decode()
            .partition(":")
        )
        asked = self.codes.pop(request.form["code"], None)
        proven = asked and asked["code_challenge"] == create_s256_code_challenge(
            request.form["code_verifier"]
        )
        right = (name, secret) == (CLIENT, "a%20secret%20%26%20more")
        if (
            not proven
            or not right
            or request.form["redirect_uri"] != asked["redirect_uri"]
        ):
            return jsonify(error="invalid_grant"), 400
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "248289761001",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
        }
        claims |= self.claims | self.wrong.get("claims", {})
        header = {"alg": self.algorithm}
        token = jwt.encode(header, claims, self.signing, algorithms=[self.algorithm])
        return jsonify(access_token="x", token_type="Bearer", id_token=token)

    def _keys(self):
        return jsonify(keys=[self.key.as_dict(private=False)])
