"""People answer what agents ask, from their inbox; what is said about a task is on its page."""

import re
import sys

from playwright.sync_api import expect

from tests.browser.conftest import AGENT, Yard, until

ASK = f"{sys.executable} -m switchyard_client ask"


def test_a_question_is_answered_in_the_inbox_and_the_goal_goes_on(yard: Yard) -> None:
    scope = {"type": "projects", "ids": [yard.project]}
    goal = yard.post("/v1/tracks", {"type": "goal", "title": "The handbook is out", "scope": scope})["id"]
    first = yard.task("Choose the title", goalId=goal, assignee=AGENT, assigneeType="agent")
    yard.task("Publish it", goalId=goal, dependsOn=[first["id"]], assignee=AGENT, assigneeType="agent")
    yard.work(f"{ASK} 'Which of the two titles?' --choice 'Field notes' --choice 'A field guide'")
    yard.post(f"/v1/tracks/{goal}/run")
    person = yard.person(path="/inbox")
    person.page.set_viewport_size({"width": 360, "height": 740})
    asked = person.page.locator("[data-inbox=asked]").first
    expect(asked).to_contain_text("Which of the two titles?")
    person.shot("inbox-phone")
    asked.get_by_role("button", name="Field notes").click()
    expect(asked).to_contain_text("user_ada")
    second = person.page.locator("[data-inbox=asked]", has_text="Publish it")
    second.get_by_role("button", name="A field guide").click()
    until(lambda: yard.get(f"/v1/tracks/{goal}/run")["status"], lambda status: status == "completed")


def test_what_an_agents_own_run_asks_is_found_by_everybody_and_answered_at_the_run(yard: Yard) -> None:
    """The creator of the task is an agent, who has no inbox: the lists of what waits are where people see it."""
    agent = {"authorization": f"Bearer {yard.agent}"}
    scope = {"type": "projects", "ids": [yard.project]}
    body = {"type": "task", "title": "Choose the title", "scope": scope, "task": {"status": "todo"}}
    task = yard.api.post("/v1/tracks", json=body, headers=agent).json()["id"]
    yard.api.post(f"/api/projects/-/tasks/{task}/run", json={}, headers=agent)
    run = until(
        lambda: yard.api.post("/v1/runs/claim", json={"wait_seconds": 5}, headers=agent), lambda got: got.content
    )
    path = f"/v1/runs/{task}/{run.json()['run']['id']}/questions"
    assert yard.api.post(path, json={"text": "Field notes, or Guide?"}, headers=agent).is_success
    person = yard.person(path="/inbox")
    expect(person.page.locator("[data-inbox]")).to_have_count(0)
    waiting = person.page.locator("section", has_text="Runs that wait for an answer")
    expect(waiting.get_by_role("link", name="Choose the title")).to_contain_text("Waits for an answer")
    person.open("/runs")
    expect(person.page.locator("li", has_text="Choose the title")).to_contain_text("Waits for an answer")
    person.page.get_by_label("Status", exact=True).select_option("Wait for an answer")
    assert person.page.url.endswith("status=asking")
    person.page.get_by_role("link", name="Choose the title").click()
    expect(person.page.locator("main header")).to_contain_text("Waits for an answer")
    person.see("Field notes, or Guide?")
    person.page.get_by_label("Answer").fill("Guide")
    person.press("Send")
    expect(person.page.locator("[data-question]")).to_contain_text("Guide")
    expect(person.page.locator("main header")).not_to_contain_text("Waits for an answer")
    person.open("/runs?status=asking")
    person.see("No run fits")


def test_a_run_is_approved_and_what_is_read_is_marked(yard: Yard) -> None:
    task = yard.task("Delete the old pages", requiresApproval="start")
    yard.post(f"/api/projects/-/tasks/{task['id']}/run")
    person = yard.person(path="/inbox")
    asked = person.page.locator("[data-inbox=asked]")
    expect(person.page.get_by_text("1 unread")).to_be_visible()
    person.page.get_by_role("button", name="Mark all as read").click()
    expect(person.page.get_by_text("0 unread")).to_be_visible()
    asked.get_by_role("button", name="Approve").click()
    path = f"/api/projects/-/tasks/{task['id']}"
    until(lambda: yard.get(path)["latest_run"]["awaiting_input"], lambda waits: waits is False)


def test_what_is_late_is_ones_own_until_everybodys_is_asked_for(yard: Yard) -> None:
    for title, due, whose in (("Mine", "2026-01-02", "user_ada"), ("Theirs", "2026-01-03", "user_eve")):
        yard.task(title, dueDate=due, assignee=whose)
    yard.task("Nobody's", dueDate="2026-01-04")
    yard.task("Not yet", dueDate="2099-01-05", assignee="user_ada")
    person = yard.person(path="/inbox")
    late = person.page.locator("section", has=person.page.get_by_role("heading", name="Overdue"))
    expect(late.get_by_role("link")).to_have_text([re.compile("^Mine.*due 2026-01-02.*To do$", re.DOTALL)])
    expect(late.locator(".tag.bad")).to_have_text("due 2026-01-02")
    late.get_by_role("button", name="Show everybody's").click()
    expect(late.get_by_role("link")).to_have_count(3)
    assert person.page.url.endswith("overdue=everybody")
    person.page.reload()
    expect(late.get_by_role("link", name="Theirs")).to_be_visible()
    late.get_by_role("button", name="Show mine").click()
    expect(late.get_by_role("link")).to_have_count(1)
    late.get_by_role("link", name="Mine").click()
    expect(person.page.get_by_label("Title")).to_have_value("Mine")


def test_comments_are_written_edited_and_deleted(yard: Yard) -> None:
    task = yard.task("Write it")
    person = yard.person(path=f"/tasks/{task['id']}")
    person.page.get_by_label("Comment", exact=True).fill("Mind the <b>limits</b>.")
    person.page.get_by_role("button", name="Comment").click()
    said = person.page.locator("[data-comment]")
    expect(said).to_contain_text("Mind the <b>limits</b>.")
    said.get_by_role("button", name="Edit").click()
    said.get_by_label("Edit the comment").fill("Mind the price.")
    said.get_by_role("button", name="Save").click()
    expect(said).to_contain_text("edited")
    expect(said).to_contain_text("Mind the price.")
    said.get_by_role("button", name="Delete").click()
    expect(said).to_contain_text("Deleted")
    path = f"/v1/tracks/{task['id']}/comments"
    assert [each["text"] for each in yard.get(path)["items"]] == [None]
