"""A program that is connected by OAuth, and the person who allows it: each step of the flow as a function."""

import base64
import hashlib
import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.browser import Browser
from tests.support.http import Answer, Api

FORM = {"content-type": "application/x-www-form-urlencoded"}
BASE = "https://api.test"
BACK = "https://client.example/back"
VERIFIER = "v" * 43


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def register(name: str = "Example", *redirects: str) -> str:
    """Register a client; returns its id."""
    answer = Api(None).post("/oauth/register", {"client_name": name, "redirect_uris": list(redirects or (BACK,))})
    assert answer.status == 201, answer.text
    return str(answer.json["client_id"])


def query(client: str, **changes: Any) -> str:
    """The query of an authorization request; None leaves a parameter out."""
    given = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": BACK,
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
        "state": "st&te=1",
        "scope": "tasks:read tasks:write",
    } | changes
    return urlencode({name: value for name, value in given.items() if value is not None})


def ask(browser: Api, client: str, headers: Any = None, **changes: Any) -> Answer:
    """Open the authorization endpoint."""
    return browser.get(f"/oauth/authorize?{query(client, **changes)}", headers=headers)


def fields(page: Answer) -> dict[str, str]:
    """The hidden fields of the consent page."""
    assert page.status == 200, page.text
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {name: html.unescape(value) for name, value in found}


def form(client: Api, path: str, values: dict[str, Any], headers: Any = None) -> Answer:
    """Post a form."""
    return client.request("POST", path, text=urlencode(values), headers={**FORM, **(headers or {})})


def decide(browser: Browser, page: Answer, decision: str = "allow") -> dict[str, str]:
    """Decide on a consent page; returns what the client gets in its redirect's query."""
    answer = form(browser, "/oauth/authorize", {**fields(page), "decision": decision})
    assert answer.status == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query, keep_blank_values=True))


def code(browser: Browser, client_id: str, **changes: Any) -> str:
    """Let the person at the browser allow a client; returns its code."""
    return decide(browser, ask(browser, client_id, **changes))["code"]


def redeem(client_id: str, secret: str, **changes: Any) -> Answer:
    """Fetch tokens by a code."""
    given = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": secret,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    } | changes
    return form(Api(None), "/oauth/token", {name: value for name, value in given.items() if value is not None})


def refresh(client_id: str, secret: str, **changes: Any) -> Answer:
    """Fetch tokens by a refresh token."""
    given = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": secret} | changes
    return form(Api(None), "/oauth/token", given)


def connected(browser: Browser, client_id: str, **changes: Any) -> dict[str, Any]:
    """Go through all of it; returns the token response."""
    answer = redeem(client_id, code(browser, client_id, **changes))
    assert answer.status == 200, answer.text
    return dict(answer.json)
