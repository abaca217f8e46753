"""One task: edited in place, by two at once, refused at its field, without a connection."""

from playwright.sync_api import Route, expect

from tests.browser.conftest import Yard, until


def test_every_field_is_edited_in_place(yard: Yard) -> None:
    goal = yard.post("/v1/tracks", {"type": "goal", "title": "Ship it", "scope": {"type": "projects", "ids": []}})
    other, task = yard.task("Write it"), yard.task("Review it")
    person = yard.person(path=f"/tasks/{task['id']}")
    person.fill("Title", "Review it well")
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Review it well")
    person.fill("Description", "Read it twice.")
    person.fill("Assignee", "user_bo")
    person.fill("Due", "2027-02-03")
    person.fill("Projects", "site, docs")
    person.fill("Related", "crm_deal: 42")
    person.page.get_by_label("Status", exact=True).select_option("in_progress")
    person.page.get_by_label("Priority", exact=True).select_option("high")
    person.page.get_by_label("Assignee is").select_option("user")
    person.fill("Metadata", '{"pages": 12}')
    for label, words, title in (("Depends on", "Write", "Write it"), ("Goal", "Ship", "Ship it")):
        person.page.get_by_label(f"{label}: find by words").fill(words)
        person.press(title)
        expect(person.page.get_by_role("group", name=label).get_by_role("link", name=title)).to_be_visible()

    def is_saved(found: dict) -> bool:  # type: ignore[type-arg]
        return bool(found["task"]["goalId"] and found["metadata"] and found["relatedResource"])

    found = until(lambda: yard.get(f"/v1/tracks/{task['id']}"), is_saved)
    assert (found["title"], found["description"], found["priority"]) == ("Review it well", "Read it twice.", "high")
    assert found["scope"]["ids"] == ["site", "docs"]
    assert found["relatedResource"] == {"type": "crm_deal", "id": "42"}
    assert found["metadata"] == {"pages": 12}
    own = found["task"]
    assert (own["status"], own["assignee"], own["dueDate"], own["goalId"]) == (
        "in_progress",
        "user_bo",
        "2027-02-03",
        goal["id"],
    )
    assert own["dependsOn"] == [other["id"]]
    person.see("title: Review it → Review it well")
    person.shot("task")


def test_of_two_who_edit_one_field_the_second_sees_both_versions(yard: Yard) -> None:
    task = yard.task("Write the preface")
    ada, bo = (yard.person(who, "member", f"/tasks/{task['id']}") for who in ("user_ada", "user_bo"))
    ada.expected = bo.expected = {412}
    mine = ada.page.get_by_label("Description", exact=True)
    mine.fill("By Ada")
    bo.fill("Description", "By Bo")
    until(lambda: yard.get(f"/v1/tracks/{task['id']}")["description"], lambda text: text == "By Bo")
    mine.blur()
    dialog = ada.page.get_by_role("dialog", name="Description was changed meanwhile")
    expect(dialog).to_contain_text("By Ada")
    expect(dialog).to_contain_text("By Bo")
    expect(dialog).to_contain_text("user_bo")
    ada.shot("conflict")
    ada.press("Keep mine")
    until(lambda: yard.get(f"/v1/tracks/{task['id']}")["description"], lambda text: text == "By Ada")
    # Another field is no conflict: both stay.
    mine.fill("By Ada, again")
    bo.fill("Assignee", "user_bo")
    until(lambda: yard.get(f"/v1/tracks/{task['id']}")["task"]["assignee"], lambda found: found == "user_bo")
    mine.blur()
    found = until(lambda: yard.get(f"/v1/tracks/{task['id']}"), lambda track: track["description"] == "By Ada, again")
    assert found["task"]["assignee"] == "user_bo"
    # Theirs is taken as well.
    expect(bo.page.get_by_label("Description", exact=True)).to_have_value("By Ada, again", timeout=30_000)
    mine.fill("By Ada, a third time")
    bo.fill("Description", "By Bo, again")
    until(lambda: yard.get(f"/v1/tracks/{task['id']}")["description"], lambda text: text == "By Bo, again")
    mine.blur()
    ada.press("Take theirs")
    expect(mine).to_have_value("By Bo, again")


def test_a_refusal_stands_at_the_field_it_names(yard: Yard) -> None:
    task = yard.task("Write the preface")
    person = yard.person(path=f"/tasks/{task['id']}")
    person.expected = {400, 422}
    person.fill("Title", "   ")
    expect(person.page.locator("#edit-title-error")).to_contain_text("blank")
    person.fill("Metadata", "{no json")
    expect(person.page.locator("#edit-metadata-error")).to_contain_text("no JSON")
    person.fill("Assignee", "x" * 200)
    expect(person.page.locator("#edit-task-assignee-error")).to_contain_text("128")
    person.page.get_by_label("Title", exact=True).press("Escape")
    expect(person.page.get_by_label("Title", exact=True)).to_have_value("Write the preface")
    assert yard.get(f"/v1/tracks/{task['id']}")["version"] == 1
    person.page.keyboard.press("Escape")
    person.press("New task", exact=False)
    person.page.get_by_role("dialog").get_by_label("Title").fill("New")
    person.page.get_by_role("dialog").get_by_label("Assignee", exact=True).fill("y" * 200)
    person.press("Add task")
    expect(person.page.locator("#add-assignee-error")).to_contain_text("128")


def test_a_lost_connection_is_told_and_loses_nothing(yard: Yard) -> None:
    task = yard.task("Write the preface")
    person = yard.person(path=f"/tasks/{task['id']}")
    expect(person.page.get_by_label("Description", exact=True)).to_be_visible()
    person.see("Nothing: it can begin at any time.")
    person.context.set_offline(True)
    person.fill("Description", "Written on a train")
    person.see("Connection lost")
    expect(person.page.get_by_label("Description", exact=True)).to_have_value("Written on a train")
    person.context.set_offline(False)
    expect(person.page.get_by_role("alert")).to_have_count(0, timeout=30_000)
    until(lambda: yard.get(f"/v1/tracks/{task['id']}")["description"], lambda text: text == "Written on a train")


def test_of_two_who_change_what_a_task_depends_on_the_second_sees_both(yard: Yard) -> None:
    theirs, mine, task = yard.task("Theirs"), yard.task("Mine"), yard.task("Publish")
    path = f"/v1/tracks/{task['id']}"
    person = yard.person(path=f"/tasks/{task['id']}")
    person.expected = {412}
    person.see("Nothing: it can begin at any time.")
    polls = [True]

    def before_the_change(route: Route) -> None:
        # What polls read stays as it was, until the person acts upon it.
        polls[0] &= route.request.method == "GET"
        route.fulfill(json=task) if polls[0] else route.fallback()

    person.page.route(f"**{path}", before_the_change)
    assert yard.api.patch(path, json={"task": {"dependsOn": [theirs["id"]]}}).is_success
    person.page.get_by_label("Depends on: find by words").fill("Mine")
    person.press("Mine")
    dialog = person.page.get_by_role("dialog", name="Depends on was changed meanwhile")
    expect(dialog.get_by_label("Yours")).to_have_text("Mine")
    expect(dialog.get_by_label("Theirs")).to_have_text("Theirs")
    person.press("Keep mine")
    until(lambda: yard.get(path)["task"]["dependsOn"], lambda found: found == [mine["id"]])
    expect(dialog).to_have_count(0)
