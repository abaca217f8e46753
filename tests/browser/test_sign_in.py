"""Sign in, stay where one was, sign out; and what pages of other sites can not do."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import expect

from switchyard.http.cookies import NAME
from tests.browser.conftest import Yard


def test_a_link_opens_the_console_signed_in_and_leaves_no_trace(yard: Yard) -> None:
    person = yard.person()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    link = yard.admin.sign_in_link(yard.tenant, "user_ada", role="owner")["path"]
    code = link.partition("=")[2]
    person.page.goto(yard.url + link)
    expect(person.page.get_by_role("heading", name="Board", level=1)).to_be_visible()
    assert not [url for url in asked if code in url.partition("#")[0]]
    assert code not in person.page.url
    kept = "JSON.stringify([localStorage, sessionStorage, history.state, document.cookie])"
    assert code not in person.page.evaluate(kept)
    (cookie,) = [each for each in person.context.cookies() if each["name"] == NAME]
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    # It counts once.
    person.expected = {401}
    person.page.goto(yard.url + link)
    person.see("The link is unknown, was used")


def test_a_token_signs_in_and_signing_out_shuts_the_console(yard: Yard) -> None:
    person = yard.person()
    person.expected = {401}
    person.open("/settings")
    person.press("Sign out")
    expect(person.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not [each for each in person.context.cookies() if each["name"] == NAME]
    person.fill("Access token", "sy_wrong")
    person.press("Sign in")
    expect(person.page.locator("#token-error")).to_contain_text("form or checksum")
    person.fill("Access token", yard.token)
    person.press("Sign in")
    expect(person.page.get_by_role("heading", name="Board", level=1)).to_be_visible()


def test_a_session_that_ended_leads_to_sign_in_and_back_with_what_was_typed(yard: Yard) -> None:
    task = yard.task("Write the preface")
    person = yard.person(path=f"/tasks/{task['id']}")
    person.expected = {401}
    field = person.page.get_by_label("Description", exact=True)
    field.fill("Half of a sen")
    comment = person.page.get_by_label("Comment", exact=True)
    comment.fill("Half of a thou")
    (mine,) = yard.get("/v1/sessions")["items"][:1]
    assert yard.api.delete(f"/v1/sessions/{mine['id']}").status_code == 204
    # Containers that have read the session trust it for 30 seconds.
    expect(person.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=60_000)
    person.fill("Access token", yard.token)
    person.press("Sign in")
    expect(field).to_have_value("Half of a sen")
    expect(comment).to_have_value("Half of a thou")
    assert f"/tasks/{task['id']}" in person.page.url


# ---------------------------------------------------------------- other sites


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """A web server for pages of other sites: of its address as 127.0.0.1 (the same site) and as localhost (another)."""
    pages: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, "").encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield lambda host, html: pages.update({"/": html}) or f"http://{host}:{server.server_port}/"
    server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_of_another_origin_changes_nothing_reads_nothing_and_frames_nothing(
    yard: Yard, elsewhere: Any, host: str
) -> None:
    person = yard.person()
    address = elsewhere(
        host,
        f"""<form method=post action={yard.url}/v1/tracks enctype=text/plain target=sink>
        <input name='{{"type":"task","title":"forged","scope":{{"type":"personal"}},"x":"' value='"}}'></form>
        <iframe name=sink></iframe><iframe id=framed src={yard.url}/console></iframe>""",
    )
    page = person.context.new_page()
    page.goto(address)
    with page.expect_response("**/v1/tracks") as posted:
        page.evaluate("document.forms[0].submit()")
    assert posted.value.status in (401, 403, 415)
    tried = page.evaluate(
        """async (url) => Promise.all([
          [`${url}/v1/tracks`, {}],
          [`${url}/v1/tracks`, {method: "POST", mode: "no-cors", body: "{}"}],
          [`${url}/v1/session`, {method: "DELETE", headers: {"switchyard-console": "1"}}],
        ].map(([path, more]) => fetch(path, {credentials: "include", ...more})
          .then((answer) => answer.type).catch(() => "refused")))""",
        yard.url,
    )
    assert tried == ["refused", "opaque", "refused"]
    assert page.frame_locator("#framed").locator("#app").count() == 0
    assert yard.get("/v1/tracks")["items"] == []
    person.open("/settings")
    person.see("this one")
