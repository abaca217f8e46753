"""People sign in by an issuer, in Chromium: there and back, to where they wanted to go."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from switchyard.http.cookies import FLOW_NAME, NAME
from tests.browser.conftest import Yard
from tests.support.issuer import CLIENT, Issuer, issuer

FUNCTIONS = ("ConsoleGetPage", "SessionsBeginOidc", "SessionsFinishOidc")


@pytest.fixture
def idp(stack: dict[str, Any], aws: Any) -> Iterator[Issuer]:
    """An issuer on this machine, set as the operator's by the settings that the parameters of the stack make."""
    functions = aws("lambda")
    names = {name: f"switchyard-local_{name}" for name in FUNCTIONS}
    before = {
        name: functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        for name in names.values()
    }
    with issuer() as made:
        settings = {"OIDC_ISSUER": made.url, "OIDC_CLIENT_ID": CLIENT, "OIDC_NAME": "the office"}
        for name, kept in before.items():
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept | settings})
        yield made
        for name, kept in before.items():
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept})


def test_who_is_invited_signs_in_by_the_issuer_and_goes_where_they_wanted(yard: Yard, idp: Issuer) -> None:
    task = yard.task("Write the preface")
    person = yard.person()
    person.context.clear_cookies()
    person.expected = {401}
    person.open(f"/tasks/{task['id']}")
    page = person.page
    page.get_by_role("link", name="Sign in with the office").click()
    # Not yet: the address is nobody's.
    expect(page.get_by_role("alert")).to_contain_text("not invited")
    yard.admin.invite(yard.tenant, "ada@example.com", "member", "user_grace")
    person.open(f"/tasks/{task['id']}")
    page.get_by_role("link", name="Sign in with the office").click()
    expect(page.get_by_role("heading", name="Write the preface")).to_be_visible()
    assert page.url.endswith(f"/tasks/{task['id']}")
    kept = {each["name"]: each for each in person.context.cookies()}
    assert (kept[NAME]["httpOnly"], kept[NAME]["sameSite"], FLOW_NAME in kept) == (True, "Strict", False)
    person.open("/settings")
    person.see("user_grace")
    assert time.time() < kept[NAME]["expires"] < time.time() + 13 * 3_600
