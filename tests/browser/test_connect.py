"""Programs are connected by the server's address alone: unmodified clients, and a person in Chromium who allows it."""

import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from switchyard.mcp.tools import TOOLS
from tests.browser.conftest import PATIENCE, Person, Yard
from tests.browser.test_screens import findings
from tests.conformance import environments
from tests.conformance.environments import CLIENTS
from tests.support import oauth

Json = dict[str, Any]


def mcp_1() -> list[Path]:
    return [environments.python_of("mcp1"), CLIENTS / "oauth_v1.py"]


def mcp_2() -> list[Path]:
    return [environments.python_of("mcp2"), CLIENTS / "oauth_v2.py"]


def sdk() -> list[Path]:
    node, folder = environments.node()
    return [node, folder / "oauth.mjs"]


class Program:
    """A client in a process of its own: it says which page to open, and then what came of it."""

    def __init__(self, command: list[Any]) -> None:
        self.process = subprocess.Popen(
            [str(each) for each in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def address(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("OPEN "), line + self.process.communicate(timeout=60)[1][-3000:]
        return line.removeprefix("OPEN ").strip()

    def result(self) -> Json:
        out, told = self.process.communicate(timeout=2 * PATIENCE)
        assert self.process.returncode == 0, told[-3000:]
        return dict(json.loads(out))


@pytest.fixture
def start() -> Iterator[Any]:
    """Start programs; what is still running at the end is ended."""
    started: list[Program] = []

    def begin(command: list[Any]) -> Program:
        started.append(Program(command))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate(timeout=60)


@pytest.fixture
def site() -> Iterator[Any]:
    """A web server of somebody else: answers with what is put under a path, as (type, text)."""
    pages: dict[str, tuple[str, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = pages.get(self.path.partition("?")[0], ("text/html", "<!doctype html><title>Back</title>Back"))
            body = text.encode()
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield lambda path, kind, text: pages.update({path: (kind, text)}) or f"http://localhost:{server.server_port}{path}"
    server.shutdown()


def signed_out(person: Person) -> None:
    person.context.clear_cookies()
    person.expected = {401}


# ---------------------------------------------------------------- unmodified clients


@pytest.mark.parametrize(("client", "name"), [(mcp_1, "1"), (mcp_2, "2"), (sdk, "3")], ids=["mcp-1", "mcp-2", "sdk"])
def test_an_unmodified_client_is_connected_by_its_address_alone(
    yard: Yard, stack: Json, start: Any, client: Any, name: str
) -> None:
    person = yard.person()
    signed_out(person)
    program = start([*client(), stack["mcp_url"]])
    page = person.page
    page.goto(program.address())
    # Nobody is signed in: the sign-in comes first, and leads back.
    page.get_by_label("Access token", exact=True).fill(yard.token)
    person.press("Sign in")
    expect(page.get_by_role("heading", name=f"Connect Ring {name}?")).to_be_visible()
    person.see("Acme, as Ada")
    person.see("(this computer)")
    person.press("Allow")
    expect(page.get_by_text("Back at the program.")).to_be_visible()
    result = program.result()
    assert result["tools"] == list(TOOLS)
    assert result["title"].startswith("Connected by")
    assert result["scope"].split() == ["tasks:read", "tasks:write"]
    assert result["refreshed"] is True
    (made,) = yard.get("/v1/tracks")["items"]
    assert made["createdBy"] == "user_ada"
    # It is listed, and ended where the person looks for it.
    person.open("/settings")
    person.see(f"Ring {name}, a program you connected")


def test_a_program_that_is_denied_is_told_so(yard: Yard, stack: Json, start: Any) -> None:
    person = yard.person()
    program = start([*mcp_1(), stack["mcp_url"]])
    person.page.goto(program.address())
    person.press("Deny")
    person.page.wait_for_url("**/back?error=access_denied*")
    assert "iss=" in person.page.url


def test_the_authorization_scenarios_of_the_conformance_suite_pass(yard: Yard, start: Any, tmp_path: Path) -> None:
    node, folder = environments.node()
    suite = folder / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
    client = registered(yard, "Suite", "http://127.0.0.1/callback")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked = ("--url", yard.url, "--client-id", client, "-p", port, "-o", tmp_path, "--spec-version", "2026-07-28")
    program = start([node, suite, "authorization", *asked, "--resource", f"{yard.url}/mcp"])
    assert program.process.stdout
    address = next(line for line in program.process.stdout if line.startswith(f"{yard.url}/oauth/authorize"))
    person = yard.person()
    person.page.goto(address.strip())
    person.press("Allow")
    out, told = program.process.communicate(timeout=2 * PATIENCE)
    checks = [each for path in tmp_path.glob("*/checks.json") for each in json.loads(path.read_text())]
    assert {each["status"] for each in checks} == {"SUCCESS"}, out + told
    assert {each["id"] for each in checks} >= {"authorization-server-metadata", "authorization-code-grant"}


# ---------------------------------------------------------------- pages of others


def registered(yard: Yard, name: str, back: str) -> str:
    """Register a client; returns its id."""
    asked = {"client_name": name, "redirect_uris": [back]}
    answer = httpx.post(f"{yard.url}/oauth/register", json=asked, trust_env=False, timeout=60)
    return str(answer.json()["client_id"])


def authorize(yard: Yard, client: str, **changes: Any) -> str:
    return f"{yard.url}/oauth/authorize?{oauth.query(client, **changes)}"


def test_a_link_of_another_site_leads_to_consent_and_back_to_that_site(yard: Yard, site: Any) -> None:
    """As web clients do it: the browser keeps a strict cookie back from what another site leads to, at first."""
    back = site("/back", "text/html", "<!doctype html><title>Back</title>Connected.")
    described = site("/client.json", "application/json", "")
    document = {"client_id": described, "client_name": "Web client", "redirect_uris": [back]}
    site("/client.json", "application/json", json.dumps(document))
    person = yard.person()
    address = authorize(yard, described, redirect_uri=back).replace("&", "&amp;")
    page = person.page
    page.goto(site("/", "text/html", f'<!doctype html><title>Web</title><a href="{address}">Connect</a>'))
    page.get_by_role("link", name="Connect").click()
    expect(page.get_by_role("heading", name="Connect Web client?")).to_be_visible()
    person.see(f"Described at {described}")
    person.press("Allow")
    page.wait_for_url(f"{back}?code=*")
    code = dict(httpx.QueryParams(page.url.partition("?")[2]))["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": described,
        "code": code,
        "redirect_uri": back,
        "code_verifier": oauth.VERIFIER,
    }
    issued = httpx.post(f"{yard.url}/oauth/token", data=form, trust_env=False, timeout=60).json()
    opened = {"authorization": f"Bearer {issued['access_token']}"}
    assert httpx.get(f"{yard.url}/v1/me", headers=opened, trust_env=False, timeout=60).is_success
    # The code is in no address that any other site is told of.
    assert page.evaluate("document.referrer") == ""


def signed_in_window(yard: Yard, page: Page, button: str) -> Page:
    """Press a button of a page that opens the console in a window of its own, and sign in there."""
    with page.expect_popup() as opened:
        page.get_by_role("button", name=button).click()
    window = opened.value
    window.get_by_label("Access token", exact=True).fill(yard.token)
    window.get_by_role("button", name="Sign in", exact=True).click()
    return window


def test_a_window_of_its_own_signs_in_connects_and_reports_to_the_page_that_opened_it(yard: Yard, site: Any) -> None:
    """As clients in a browser do it: the page of the redirect URI posts the code to its opener."""
    told = "<script>opener.postMessage(location.search, location.origin)</script>"
    back = site("/back", "text/html", f"<!doctype html><title>Back</title>Connected.{told}")
    address = authorize(yard, registered(yard, "Popup", back), redirect_uri=back)
    listens = f"""<script>onmessage = (event) => (document.title = event.data)</script>
        <button onclick="window.opened = window.open('{address}', '', 'width=500,height=700')">Connect</button>"""
    person = yard.person()
    signed_out(person)
    page = person.context.new_page()
    page.goto(site("/", "text/html", f"<!doctype html><title>Web</title>{listens}"))
    window = signed_in_window(yard, page, "Connect")
    window.get_by_role("button", name="Allow").click()
    expect(window.get_by_text("Connected.")).to_be_visible()
    expect(page).to_have_title(re.compile("code=sy_"))


def test_a_site_that_opens_the_sign_in_is_cut_off_from_the_console(yard: Yard, site: Any) -> None:
    person = yard.person()
    signed_out(person)
    page = person.context.new_page()
    button = f"""<button onclick="window.opened = window.open('{yard.url}/console/sign-in')">Open</button>"""
    page.goto(site("/", "text/html", f"<!doctype html><title>Web</title>{button}"))
    window = signed_in_window(yard, page, "Open")
    expect(window.get_by_role("heading", name="Board", level=1)).to_be_visible()
    assert window.evaluate("opener") is None
    assert page.evaluate("window.opened.closed")


def test_the_consent_page_can_not_be_framed_or_posted_to_by_another_site(yard: Yard, site: Any) -> None:
    back = site("/back", "text/html", "<!doctype html><title>Back</title>")
    address = authorize(yard, registered(yard, "Evil", back), redirect_uri=back)
    person = yard.person()
    person.page.goto(address)
    shown = {each.get_attribute("name"): each.get_attribute("value") for each in person.page.locator("input").all()}
    fields = "".join(f"<input name={name} value='{escape(value or '')}'>" for name, value in shown.items())
    framed = f'<iframe id=framed src="{escape(address)}"></iframe><iframe name=sink></iframe>'
    fields += "<input name=decision value=allow>"
    form = f'<form method=post action="{yard.url}/oauth/authorize" target=sink>{fields}</form>'
    page = person.context.new_page()
    page.goto(site("/evil", "text/html", f"<!doctype html><title>Evil</title>{framed}{form}"))
    # The very form that was shown to the person, with its proof: it comes from elsewhere.
    with page.expect_response("**/oauth/authorize") as answered:
        page.evaluate("document.forms[0].submit()")
    assert answered.value.status == 403
    assert page.frame_locator("#framed").locator("form").count() == 0
    sessions = yard.get("/v1/sessions")["items"]
    assert [each for each in sessions if each["client"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_consent_page_and_a_phone_is_wide_enough(
    yard: Yard, npm_folder: Path, scheme: str
) -> None:
    client = registered(yard, "<b>Long</b> " * 8, "http://127.0.0.1/back")
    person = yard.person(color_scheme=scheme)
    person.expected = {400}
    found = {}
    for name, client_id in (("consent", client), ("refusal", "unknown")):
        person.page.goto(authorize(yard, client_id, redirect_uri="http://127.0.0.1:1/back"))
        expect(person.page.locator("main h1")).to_be_visible()
        found[name] = findings(person.page, npm_folder)
        person.page.set_viewport_size({"width": 360, "height": 740})
        assert person.page.evaluate("document.documentElement.scrollWidth") <= 360
        person.shot(f"oauth-{name}-{scheme}")
    assert not any(found.values()), found
