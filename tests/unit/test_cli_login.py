"""Signing in by the browser, where there is none, and what does not count as an answer."""

import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from switchyard_client.cli import browser
from switchyard_client.cli.failures import Usage
from switchyard_client.cli.settings import Connection

URL = "https://yard.example"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What is sent to the authorization server, which takes everything."""
    found: list[tuple[str, Any]] = []

    def send(_url: str, path: str, **body: Any) -> Any:
        found.append((path, body))
        answer = {"access_token": "sy_a", "refresh_token": "sy_r", "expires_in": 3600}
        return {"client_id": "c1"} if path == "/oauth/register" else answer

    monkeypatch.setattr(browser, "_sent", send)
    return found


def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser.webbrowser, "open", lambda _: False)


def elsewhere(notes: list[str], **changes: str) -> Callable[[str], str]:
    """A person who opens the address on another machine, and pastes where it ended."""

    def paste(_what: str) -> str:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(notes[0].split(": ", 1)[1]).query).items()}
        return f"{asked['redirect_uri']}?{urlencode({'code': 'sy_c', 'state': asked['state'], 'iss': URL} | changes)}"

    return paste


def test_without_a_browser_the_address_of_another_is_pasted(
    sent: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_browser(monkeypatch)
    notes: list[str] = []
    found = browser.sign_in(URL, notes.append, elsewhere(notes))
    assert isinstance(found, Connection)
    assert (found.access, found.refresh, found.is_fresh) == ("sy_a", "sy_r", True)
    (_, registered), (_, redeemed) = sent
    (back,) = registered["json"]["redirect_uris"]
    assert urlsplit(back).hostname == "127.0.0.1"
    assert redeemed["data"]["redirect_uri"] == back
    assert redeemed["data"]["code"] == "sy_c"
    assert browser.sign_in(URL, notes.append, lambda _: "sy_pasted") == "sy_pasted"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": "another"}, "no answer to this sign-in"),
        ({"iss": "https://evil.example"}, "no answer to this sign-in"),
        ({"code": "", "error": "access_denied"}, "access_denied"),
    ],
)
def test_what_comes_from_elsewhere_or_was_denied_signs_nobody_in(
    sent: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], why: str
) -> None:
    no_browser(monkeypatch)
    notes: list[str] = []
    with pytest.raises(Usage, match=why):
        browser.sign_in(URL, notes.append, elsewhere(notes, **changes))
    assert [path for path, _ in sent] == ["/oauth/register"]


@pytest.mark.usefixtures("sent")
def test_other_requests_on_the_port_do_not_end_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    statuses = []

    def come_back(_page: str) -> bool:
        right = elsewhere(notes)("")
        wrong = right.replace("state=", "state=x")
        for address in (wrong, right.replace("/callback", "/favicon.ico"), right):
            try:
                with urllib.request.urlopen(address) as answer:
                    statuses.append(answer.status)
            except urllib.error.HTTPError as error:
                statuses.append(error.code)
        return True

    monkeypatch.setattr(browser.webbrowser, "open", come_back)
    assert isinstance(browser.sign_in(URL, notes.append, lambda _: ""), Connection)
    assert statuses == [404, 404, 200]


@pytest.mark.usefixtures("sent")
def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "DECISION_SECONDS", 0.01)
    monkeypatch.setattr(browser.webbrowser, "open", lambda _: True)
    with pytest.raises(Usage, match="nobody decided"):
        browser.sign_in(URL, lambda _: None, lambda _: "")


def test_a_token_that_is_about_to_end_is_not_fresh() -> None:
    assert not Connection("c", "a", "r", time.time() + 10).is_fresh
    assert Connection("c", "a", "r", time.time() + 3_000).is_fresh
