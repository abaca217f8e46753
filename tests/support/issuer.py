"""An OpenID Connect issuer on this machine, which signs people in as it is told, and misbehaves as it is told."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

Json = dict[str, Any]
CLIENT, SECRET = "switchyard", "of the client"


class Issuer:
    """`person` are the claims of who signs in; `spoil` changes the claims of id tokens, `key` is what signs them."""

    def __init__(self) -> None:
        self.keys = [self.new_key("first")]
        self.key = self.keys[0]
        self.algorithm = "RS256"
        self.person: Json = {"sub": "1", "email": "ada@example.com", "email_verified": True, "name": "Ada"}
        self.spoil: Json = {}
        self.metadata: Json = {}
        self.codes: dict[str, Json] = {}
        #: Forms that the token endpoint got.
        self.asked: list[Json] = []
        #: Seconds that each answer takes, bit by bit.
        self.drips = 0.0
        self.url = ""

    @staticmethod
    def new_key(kid: str) -> RSAKey:
        return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})

    def authorize(self, address: str) -> str:
        """Sign the person in; returns where the browser is led back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = f"code{len(self.codes)}"
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.url}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def answer(self, path: str, form: Json) -> tuple[int, Json]:
        if path == "/.well-known/openid-configuration":
            ends = {name: f"{self.url}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
            return 200, {"issuer": self.url, **ends, **self.metadata}
        if path == "/jwks_uri":
            return 200, dict(KeySet(list(self.keys)).as_dict(private=False))
        self.asked.append(form)
        asked = self.codes.pop(form.get("code", ""), None)
        proof = _part(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or (asked["code_challenge"], asked["redirect_uri"]) != (proof, form["redirect_uri"]):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person}
        claims = {name: value for name, value in (claims | self.spoil).items() if value is not None}
        return 200, {"id_token": self.signed(claims), "access_token": "x", "token_type": "Bearer"}

    def signed(self, claims: Json) -> str:
        if self.algorithm in ("none", "HS256"):
            head = ".".join(_part(json.dumps(each).encode()) for each in ({"alg": self.algorithm}, claims))
            shared = self.keys[0].as_pem(private=False)
            proof = _part(hmac.digest(shared, head.encode(), "sha256")) if self.algorithm == "HS256" else ""
            return f"{head}.{proof}"
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@contextmanager
def issuer() -> Iterator[Issuer]:
    """Serve an issuer on a free port of 127.0.0.1. A browser that comes to it is signed in and led back at once."""
    made = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/authorization_endpoint"):
                self.send_response(302)
                self.send_header("location", made.authorize(self.path))
                self.end_headers()
                return
            self._send(*made.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._send(*made.answer(self.path, dict(parse_qsl(body))))

        def _send(self, status: int, answer: Json) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            pieces = 10 if made.drips else 1
            # Who asked may have hung up.
            with suppress(OSError):
                for n in range(pieces):
                    time.sleep(made.drips / pieces)
                    self.wfile.write(body[len(body) * n // pieces : len(body) * (n + 1) // pieces])

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()
