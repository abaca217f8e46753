"""Signing in by the browser: this command is a program that a person allows (OAuth 2.1 for native apps, RFC 8252).

The person allows it on the service's own page, in the session of their browser, and the browser comes back to a port of
this computer. Where there is no browser, the address that another one ends at is pasted.
"""

import base64
import hashlib
import secrets
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from switchyard_client.cli.failures import Usage
from switchyard_client.cli.settings import Connection
from switchyard_client.errors import Unreachable

#: Of these the person may have fewer: then fewer are given.
SCOPES = "tasks:read tasks:write tasks:history user:write audit:read"
#: Seconds that a person has to sign in and decide.
DECISION_SECONDS = 600
_REQUEST_SECONDS = 15.0
_NAME, _CALLBACK = "The command switchyard", "/callback"
_PAGE = "<!doctype html><meta charset=utf-8><title>switchyard</title><p>{}. You can close this window.</p>"


class _Callback(HTTPServer):
    """Waits for the browser to come back with this `state`; `found` is the query that it brought."""

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state, self.found = state, dict[str, str]()
        self.came = threading.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Answer meanwhile: a browser in the terminal ends only after it was answered."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: _Callback

    def do_GET(self) -> None:
        given = _query(self.path)
        # Whatever else asks on this port does not end the wait.
        right = urlsplit(self.path).path == _CALLBACK and given.get("state") == self.server.state
        said = "Not this address" if not right else "Denied" if "error" in given else "Signed in"
        body = _PAGE.format(said).encode()
        self.send_response(200 if right else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if right:
            self.server.found = given
            self.server.came.set()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the address has the code."""


def sign_in(url: str, note: Callable[[str], None], ask: Callable[[str], str]) -> Connection | str:
    """Let a person allow this command in the browser; returns the connection, or a token that was pasted instead.

    Raises Usage when they deny it, or do not decide in time, and Unreachable.
    """
    with _Callback(secrets.token_urlsafe(24)) as server, server.listening():
        back = f"http://127.0.0.1:{server.server_port}{_CALLBACK}"
        client = str(_sent(url, "/oauth/register", json={"client_name": _NAME, "redirect_uris": [back]})["client_id"])
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": back,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "scope": SCOPES,
            "state": server.state,
        }
        page = f"{url}/oauth/authorize?{urlencode(query)}"
        note(f"allow this command in your browser: {page}")
        if webbrowser.open(page):
            if not server.came.wait(DECISION_SECONDS):
                raise Usage(f"nobody decided within {DECISION_SECONDS} seconds: begin again, or --paste a token")
            given = server.found
        else:
            note(
                "there is no browser here: open the address in any other, which ends at an address that it cannot show"
            )
            pasted = ask("That address, or a token")
            if "://" not in pasted:
                return pasted
            given = _query(pasted)
    if given.get("state") != server.state or given.get("iss", url).rstrip("/") != url:
        raise Usage("what came back is no answer to this sign-in: begin again")
    if "code" not in given:
        raise Usage(f"not signed in: {given.get('error', 'no code came back')}")
    grant = {"grant_type": "authorization_code", "code": given["code"], "redirect_uri": back, "code_verifier": verifier}
    return _connection(client, _sent(url, "/oauth/token", data={**grant, "client_id": client}))


def refreshed(url: str, connection: Connection) -> Connection:
    """Exchange the refresh token, once, for the next ones. Raises Usage when the connection is over, Unreachable."""
    grant = {"grant_type": "refresh_token", "refresh_token": connection.refresh, "client_id": connection.client_id}
    return _connection(connection.client_id, _sent(url, "/oauth/token", data=grant))


def _query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address.strip()).query).items()}


def _connection(client_id: str, answer: Mapping[str, Any]) -> Connection:
    return Connection(
        client_id, answer["access_token"], answer["refresh_token"], time.time() + float(answer["expires_in"])
    )


def _sent(url: str, path: str, **body: Any) -> Any:
    """Post to the authorization server, once: what counts once must not be sent again."""
    import httpx

    try:
        answer = httpx.post(url + path, timeout=_REQUEST_SECONDS, **body)
    except httpx.HTTPError as problem:
        raise Unreachable(f"{type(problem).__name__}: {problem}") from None
    if answer.is_success:
        return answer.json()
    try:
        given = answer.json()
        why = given.get("error_description") or given.get("error") or answer.text
    except (ValueError, AttributeError):
        why = answer.text
    raise Usage(f"the service does not sign in: {answer.status_code} {str(why)[:300]}; switchyard login begins again")
