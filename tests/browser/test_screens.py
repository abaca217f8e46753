"""What holds for every screen: axe-core finds nothing, 360 pixels are enough, light and dark. Settings and webhooks."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import AGENT, PATIENCE, Yard, until
from tests.unit.test_console import FOLDER, VENDORED


def furnished(yard: Yard) -> dict[str, str]:
    """Fill the workspace, and return the screens by their names."""
    scope = {"type": "projects", "ids": [yard.project]}
    goal = yard.post("/v1/tracks", {"type": "goal", "title": "The handbook is out", "scope": scope})["id"]
    outline = yard.task("Outline the handbook", goalId=goal, assignee=AGENT, assigneeType="agent", status="done")
    draft = yard.task("Draft the first part", goalId=goal, dependsOn=[outline["id"]], assignee=AGENT)
    yard.task("Publish the handbook", goalId=goal, dependsOn=[draft["id"]], assignee="user_ada", priority="high")
    late = {"status": "in_progress", "assignee": "user_ada", "dueDate": "2026-01-02"}
    yard.task("Login page is blank on phones", priority="urgent", **late)
    yard.task("Renew the certificates", assignee="user_bo", dueDate="2099-01-02")
    yard.task("Try the new search", status="backlog")
    yard.task("Rotate the secrets", status="done", assignee="user_ada")
    run = yard.post(f"/api/projects/-/tasks/{draft['id']}/run")["latest_run"]["id"]
    yard.post("/api/v1/webhooks", {"url": "https://hooks.example.com/switchyard", "events": ["task.*", "run.*"]})
    task = {"title": "Write the weekly report", "scope": scope, "assignee": AGENT}
    weekly = {"name": "Weekly report", "expression": "0 9 * * 1", "timeZone": "Europe/Berlin", "createTask": task}
    schedule = yard.post("/v1/schedules", weekly)["id"]
    begins = {"expression": "rate(2 days)", "paused": True, "runGoal": {"id": goal}}
    yard.post("/v1/schedules", {"name": "The handbook, anew", **begins})
    return {
        "board": "",
        "inbox": "/inbox",
        "goals": "/goals",
        "goal": f"/goals/{goal}",
        "task": f"/tasks/{draft['id']}",
        "runs": "/runs",
        "run": f"/runs/{draft['id']}/{run}",
        "schedules": "/schedules",
        "schedule": f"/schedules/{schedule}",
        "webhooks": "/webhooks",
        "settings": "/settings",
    }


def findings(page: Any, npm_folder: Path) -> list[str]:
    """What axe-core finds on the page."""
    page.evaluate((npm_folder / "node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{each['id']}: {[node['html'][:160] for node in each['nodes'][:3]]}" for each in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_a_phone_is_wide_enough(yard: Yard, npm_folder: Path, scheme: str) -> None:
    screens = furnished(yard)
    person = yard.person(color_scheme=scheme, reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    for name, path in screens.items():
        person.open(path)
        expect(person.page.locator("main h1")).to_be_visible()
        # All is read, but the log of a run that nobody has begun.
        expect(person.page.locator(".wait")).to_have_count(int(name == "run"), timeout=PATIENCE * 1000)
        found[name] = findings(person.page, npm_folder)
        if scheme == "light" and name in ("board", "inbox", "settings", "webhooks"):
            person.shot(name)
        person.page.set_viewport_size({"width": 360, "height": 740})
        width = person.page.evaluate("document.documentElement.scrollWidth")
        found[f"{name}, 360 px"] = [*findings(person.page, npm_folder), *([f"{width} px wide"] if width > 360 else [])]
        if name == "board":
            person.shot(f"phone-{scheme}")
        person.page.set_viewport_size({"width": 1280, "height": 800})
        if scheme == "dark" and name == "board":
            person.shot("board-dark")
    for key in ("c", "?", "Control+k"):
        person.page.keyboard.press(key)
        expect(person.page.get_by_role("dialog")).to_be_visible()
        found[f"dialog {key}"] = findings(person.page, npm_folder)
        person.page.keyboard.press("Escape")
    person.open("/schedules")
    person.press("New schedule")
    for width in (1280, 360):
        person.page.set_viewport_size({"width": width, "height": 740})
        for does in ("createTask", "runTask", "runGoal"):
            person.page.get_by_label("Each time").select_option(does)
            found[f"dialog of a schedule, {does}, {width} px"] = findings(person.page, npm_folder)
        over = person.page.get_by_role("dialog").evaluate("each => each.scrollWidth - each.clientWidth")
        found[f"dialog of a schedule, {width} px"] = [f"{over} px too wide"] if over > 0 else []
    person.expected = {401}
    person.open("/sign-in")
    expect(person.page.get_by_label("Access token")).to_be_visible()
    found["sign-in"] = findings(person.page, npm_folder)
    assert {name: each for name, each in found.items() if each} == {}


def test_settings_show_what_the_workspace_used(yard: Yard) -> None:
    counts = {"requests": 8_410, "changes": 1_022, "runs": 96, "refused": 31, "failed": 0, "storedBytes": 0}
    answer = {"days": [{"day": "2026-11-25", **counts}], "limits": {"perMinute": 600, "perDay": None}}
    person = yard.person(path="/settings")
    person.see("There is no limit.")
    person.page.route("**/v1/usage?days=7", lambda route: route.fulfill(json=answer))
    person.page.reload()
    person.see("At most 600 a minute.")
    person.see("8,410 requests")
    for theme in ("light", "dark", "auto"):
        person.press("Change theme")
        expect(person.page.locator("html")).to_have_attribute("data-theme", theme)
    person.see("1,022 changes, 96 runs, 31 refused, 0 failed")


def test_settings_show_members_and_ones_own_devices(yard: Yard) -> None:
    for number in range(50):
        yard.admin.issue_token(yard.tenant, f"agent_{number:02}", kind="agent", scopes=["tasks:read"], name="Hand")
    scopes = ["user:write"]
    app = yard.admin.issue_token(yard.tenant, "user_ada", scopes=scopes, name="Ada")["token"]
    for platform in ("ios", "web"):
        body = {"token": f"expo-{platform}", "platform": platform}
        headers = {"authorization": f"Bearer {app}"}
        assert yard.api.post("/api/users/@me/push_tokens", json=body, headers=headers).is_success
    person = yard.person(path="/settings")
    members = person.page.locator("section", has=person.page.get_by_role("heading", name="Members"))
    expect(members.get_by_text("agent_00")).to_be_visible()
    expect(members.get_by_text("user_ada")).to_have_count(0)
    person.press("More members")
    expect(members.get_by_text("user_ada")).to_be_visible()
    expect(members.get_by_text("agent_00")).to_have_count(1)
    devices = person.page.locator("[data-device]")
    expect(devices).to_have_count(2)
    assert "expo-" not in person.page.content()
    devices.filter(has_text="iPhone").get_by_role("button").click()
    expect(devices).to_have_count(1)
    expect(devices).to_contain_text("Browser")
    viewer = yard.person("user_rita", "viewer", "/settings")
    expect(viewer.page.get_by_role("heading", name="Members")).to_be_visible()
    expect(viewer.page.get_by_role("heading", name="Your devices")).to_have_count(0)


def test_settings_and_webhooks_are_managed(yard: Yard) -> None:
    person = yard.person(path="/settings")
    person.expected = {400, 403}
    person.press("New token")
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_label("Whose").fill("not an id")
    dialog.get_by_role("button", name="Make token").click()
    expect(person.page.locator("#token-actor-error")).to_be_visible()
    dialog.get_by_label("Whose").fill("agent_new")
    dialog.get_by_role("button", name="Make token").click()
    secret = person.page.get_by_label("Secret", exact=True).inner_text()
    assert yard.api.get("/v1/tracks", headers={"authorization": f"Bearer {secret}"}).status_code == 200
    person.page.keyboard.press("Escape")
    person.see("agent agent_new")
    person.page.once("dialog", lambda asked: asked.accept())
    person.press("Revoke the token of agent_new")
    person.see("Revoked")
    person.page.get_by_label("New project").fill("Site")
    person.press("Add")
    person.see("Site", exact=True)
    person.press("Archive the project Site")
    person.see("archived", exact=True)
    person.press("Take up the project Site")
    expect(person.page.get_by_text("archived", exact=True)).to_have_count(0)
    person.page.get_by_label("Tasks of agents that become ready").select_option("agents")
    other = yard.person("user_bo", "member", "/settings")
    person.page.reload()
    person.see("Bo")
    person.press("End")
    person.see("That session is ended")
    expect(other.page.get_by_role("heading", name="Tokens")).to_have_count(0)

    person.open("/webhooks")
    person.press("New webhook")
    person.page.get_by_label("Address").fill("ftp://nowhere")
    person.press("Add webhook")
    expect(person.page.locator("#hook-url-error")).to_be_visible()
    person.page.get_by_label("Address").fill(f"{yard.url}/health")
    person.press("Add webhook")
    assert person.page.get_by_label("Secret", exact=True).inner_text().startswith("whsec_")
    person.page.keyboard.press("Escape")
    yard.task("Told")
    person.page.get_by_role("link", name=f"{yard.url}/health").click()
    person.see("task.created")
    person.press("Disable")
    person.see("Disabled")


def test_a_webhooks_secret_is_rotated_and_a_delivery_sent_again(yard: Yard) -> None:
    posted: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            posted.append(self.headers["webhook-id"])
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/hook"
    hook = yard.post("/api/v1/webhooks", {"url": url, "events": ["task.created"]})
    yard.task("Told")
    person = yard.person(path=f"/webhooks/{hook['id']}")
    person.see("Delivered")
    person.press("Send again")
    until(lambda: posted, lambda found: len(found) == 2)
    assert len(set(posted)) == 1
    person.press("Rotate secret")
    assert person.page.get_by_label("Secret", exact=True).inner_text() not in ("", hook["secret"])
    person.page.keyboard.press("Escape")
    person.see("the former secret signs too")
    server.shutdown()


def test_a_viewer_sees_and_is_offered_no_change(yard: Yard) -> None:
    task = yard.task("Read me")
    person = yard.person("user_rita", "viewer", f"/tasks/{task['id']}")
    expect(person.page.get_by_label("Title", exact=True)).to_be_disabled()
    expect(person.page.get_by_role("button", name="Delete")).to_have_count(0)
    expect(person.page.get_by_role("button", name="Run")).to_have_count(0)


# ---------------------------------------------------------------- modules


def test_vendored_files_are_the_published_ones(npm_folder: Path) -> None:
    for name, pinned in VENDORED.items():
        published = npm_folder / "node_modules" / pinned["package"] / pinned["path"]
        assert (FOLDER / "files" / name).read_bytes() == published.read_bytes(), name
