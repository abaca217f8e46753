"""The board: what it costs to see it, adding, moving, filtering, many tasks."""

import re
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser.conftest import Yard, until

#: Bytes that the first screen may transfer with a page of 50 tasks.
BYTES_MAX = 100_000


def column(person: Any, name: str) -> Any:
    return person.page.get_by_role("region", name=re.compile(f"^{name}")).first


def test_the_first_screen_is_one_round_trip_and_less_than_a_hundred_kilobytes(yard: Yard) -> None:
    drafts = [{"id": f"t{n}", "title": f"Task {n}", "description": "d" * 100, "task": {}} for n in range(50)]
    yard.post("/v1/tracks/apply", {"scope": {"type": "projects", "ids": []}, "updateDrafts": drafts})
    person = yard.person()
    page = person.context.new_page()
    network = person.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.clearBrowserCache")
    sizes: list[int] = []
    asked: list[str] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.on("request", lambda request: asked.append(request.url.removeprefix(yard.url)))
    page.goto(f"{yard.url}/console", wait_until="commit")
    expect(page.locator("#column-ready .count")).to_have_text("50")
    calls = [url for url in asked if not url.startswith("/console")]
    # Who one is is asked beside it, and nothing waits for that.
    assert sorted(calls) == ["/v1/session", "/v1/tracks?type=task&limit=50"]
    assert 10_000 < sum(sizes) < BYTES_MAX, sizes
    print(f"first screen: {sum(sizes)} bytes, {len(asked)} requests")
    # Again: the page alone is asked for, everything else is kept.
    asked.clear()
    page.reload(wait_until="networkidle")
    expect(page.locator("#column-ready .count")).to_have_text("50")


def test_a_task_is_added_moved_by_keys_and_by_hand_and_seen_by_others(yard: Yard) -> None:
    ada, bo = yard.person(), yard.person("user_bo", "member")
    ada.page.keyboard.press("c")
    ada.page.get_by_label("Title", exact=True).fill("Renew the certificates")
    expect(ada.page.locator("#add-assignees option[value=agent_bo]")).to_have_count(1)
    ada.press("Add task")
    card = ada.page.get_by_role("link", name=re.compile("Renew the certificates"))
    expect(card).to_be_visible()
    bo.see("Renew the certificates")
    card.focus()
    ada.page.keyboard.press("Shift+ArrowRight")
    ada.see("Renew the certificates: In progress")
    expect(column(bo, "In progress").get_by_text("Renew the certificates")).to_be_visible(timeout=30_000)
    expect(card).to_be_focused()
    card.drag_to(ada.page.locator("section.column").nth(4))
    ada.see("Renew the certificates: Done")
    (task,) = yard.get("/v1/tracks")["items"]
    assert task["task"]["status"] == "done"
    # What is deleted leaves the board of those who look at it.
    assert yard.api.delete(f"/v1/tracks/{task['id']}").status_code == 204
    bo.page.reload()
    bo.see("There are no tasks yet")


def test_what_waits_for_others_stands_apart_from_what_is_ready(yard: Yard) -> None:
    first = yard.task("Draft")
    second = yard.task("Publish", dependsOn=[first["id"]])
    person = yard.person()
    expect(column(person, "Blocked").get_by_text("Publish")).to_be_visible()
    expect(column(person, "Ready").get_by_text("Draft")).to_be_visible()
    answer = yard.api.patch(f"/v1/tracks/{first['id']}", json={"task": {"status": "done"}})
    assert answer.is_success
    until(lambda: yard.get(f"/v1/tracks/{second['id']}"), lambda found: found["openDependencies"] == 0)
    person.page.reload()
    expect(column(person, "Ready").get_by_text("Publish")).to_be_visible()


def test_filters_stand_in_the_address(yard: Yard) -> None:
    yard.task("Mend the login page", assignee="user_ada", priority="urgent")
    yard.task("Draw the figures", assignee="user_bo")
    person = yard.person()
    person.page.get_by_label("Filter tasks").fill("login")
    expect(person.page.get_by_text("Draw the figures")).to_have_count(0)
    person.page.get_by_label("Priority").select_option("urgent")
    assert "q=login" in person.page.url
    assert "priority=urgent" in person.page.url
    person.page.reload()
    person.see("Mend the login page")
    expect(person.page.get_by_text("Draw the figures")).to_have_count(0)
    person.press("Clear")
    person.see("Draw the figures")


def test_ten_thousand_tasks_are_a_few_dozen_elements(yard: Yard) -> None:
    real = yard.task("Task")
    many = [{**real, "id": f"{real['id'][:-6]}{number:06d}", "title": f"Task {number}"} for number in range(10_000)]
    person = yard.person()

    def answer(route: Route) -> None:
        route.fulfill(json={"items": many if "updatedAtFrom" not in route.request.url else [], "nextCursor": None})

    person.page.route("**/v1/tracks?type=task&limit=50*", answer)
    person.page.reload()
    expect(person.page.locator("#column-ready .count")).to_have_text("10000")
    cards = person.page.locator(".card")
    assert 5 < cards.count() < 60
    rows = person.page.get_by_role("region", name="Ready tasks")
    rows.evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    expect(person.page.locator(".card").last).to_be_in_viewport()
    assert cards.count() < 60
    assert rows.evaluate("(box) => box.scrollHeight") > 10_000 * 100


def test_lists_are_read_again_but_not_in_a_hidden_tab(yard: Yard) -> None:
    yard.task("Task")
    person = yard.person()
    page, asked = person.page, list[str]()
    page.clock.install()
    page.reload()
    person.see("Task")
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_request("**/v1/tracks?*updatedAtFrom=*"):
        page.clock.fast_forward(6_000)
    hide = "(hidden) => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
    page.evaluate(f"{hide} document.dispatchEvent(new Event('visibilitychange')); }}", True)
    page.wait_for_load_state("networkidle")
    asked.clear()
    page.clock.fast_forward(120_000)
    page.wait_for_load_state("networkidle")
    assert asked == []
    with page.expect_request("**/v1/tracks?*updatedAtFrom=*"):
        page.evaluate(f"{hide} document.dispatchEvent(new Event('visibilitychange')); }}", False)


def test_keys_lead_everywhere_and_the_palette_finds_everything(yard: Yard) -> None:
    task = yard.task("Answer the questionnaire")
    yard.task("Another")
    person = yard.person()
    keys = person.page.keyboard
    person.see("Another")
    keys.press("j")
    expect(person.page.locator("[data-item]:focus")).to_have_count(1)
    first = person.page.evaluate("document.activeElement.dataset.item")
    keys.press("j")
    assert person.page.evaluate("document.activeElement.dataset.item") != first
    keys.press("k")
    assert person.page.evaluate("document.activeElement.dataset.item") == first
    keys.press("Control+k")
    person.page.get_by_role("combobox", name="Search or jump to").fill("questionnaire")
    expect(person.page.get_by_role("option", name=re.compile("Answer"))).to_be_visible()
    keys.press("Enter")
    person.page.wait_for_url(f"**/tasks/{task['id']}")
    keys.press("Escape")
    # Caps Lock is no other key.
    keys.press("G")
    keys.press("R")
    expect(person.page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
    keys.press("?")
    expect(person.page.get_by_role("dialog")).to_contain_text("next, previous item")
    keys.press("Escape")
    expect(person.page.get_by_role("dialog")).to_have_count(0)
