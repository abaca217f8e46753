"""Mail about a person's inbox: what is mailed to whom and when, what is not, and how it ends (docs/mail.md)."""

import re
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from switchyard.admin import Admin
from switchyard.aws import mailer, queues
from switchyard.aws.errors import ApiError
from switchyard.aws.mailer import Mailer
from switchyard.domain.ids import new_id
from switchyard.domain.mail import DIGEST_SECONDS, PAUSE_SECONDS, Mailbox, unsubscribe_token
from switchyard.domain.tokens import new_token
from switchyard.store import mailboxes
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.planning import assert_refused, make_task
from tests.support.runs import Runs
from tests.support.stream import Letters, Stream, Visibility, consume, message

URL = "https://work.example.com"


@dataclass
class Post:
    """The stream's way to SES: the queue of mails in memory with its consumer, and what SES was given."""

    stream: Stream
    sent: list[Any] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)
    visibility: Visibility = field(default_factory=Visibility)
    #: What SES answers instead, as often as there is something here.
    refusals: list[str] = field(default_factory=list)

    def send_email(self, **mail: Any) -> dict[str, str]:
        """Take a mail as SES does."""
        if self.refusals:
            raise ApiError({"Error": {"Code": self.refusals.pop(0), "Message": "user_eve@example.com"}})
        self.sent.append(mail)
        return {"MessageId": str(len(self.sent))}

    def collect(self) -> list[Any]:
        """Carry the stream's records to the queue; returns the new messages."""
        records = self.stream.settle()
        new = [each for each in records if each["eventName"] == "INSERT"]
        kept = {name: Letters() for name in ("mails", "deliveries", "signals", "notifications", "dead_letters")}
        inboxes = [each for each in new if each["dynamodb"]["Keys"]["sk"]["S"].startswith("INBOX#")]
        assert consume("pipeline.enqueue_deliveries", inboxes, **{f"queue_{name}": q for name, q in kept.items()}) == []
        self.waiting += kept["mails"].sent
        return kept["mails"].sent

    def give(self, body: Any, attempt: int = 1) -> bool:
        """Give one message to the consumer; returns whether it is done."""
        queue = queues.Queue("url", self.visibility, queues.ATTEMPTS["mails"])
        return not consume("pipeline.send_mail", [message(body, attempt)], table=self.stream.table, queue_mails=queue)

    def settle(self) -> list[Any]:
        """Carry everything to SES that is due now; returns the mails that were sent."""
        before = len(self.sent)
        self.collect()
        self.waiting = [each for each in self.waiting if not self.give(each)]
        return self.sent[before:]


@pytest.fixture
def post(table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch) -> Post:
    made = Post(Stream(table, tenant))
    monkeypatch.setattr(mailer, "shared", lambda: Mailer(made, "switchyard@example.com", URL))
    return made


@pytest.fixture
def eve(caller: Caller, table: Table, tenant: str) -> Api:
    """Somebody whose address is known."""
    table.write([mailboxes.note_address(tenant, "user_eve", "eve@example.com", new_token())])
    return caller("user_eve")


def texts(mail: Any) -> tuple[str, str, str]:
    simple = mail["Content"]["Simple"]
    return simple["Subject"]["Data"], simple["Body"]["Text"]["Data"], simple["Body"]["Html"]["Data"]


def headers(mail: Any) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in mail["Content"]["Simple"]["Headers"]}


def set_mode(client: Api, mode: str) -> None:
    assert client.patch("/v1/inbox/mail", {"mode": mode}).json["mode"] == mode


def mention(api: Api, task: Any, text: str = "@user_eve: look") -> Any:
    return api.post(f"/v1/tracks/{task['id']}/comments", {"text": text}).json


# ---------------------------------------------------------------- what is mailed


def test_an_assignment_is_mailed_at_once_and_once(api: Api, eve: Api, post: Post) -> None:
    task = make_task(api, "Write the guide", assignee="user_eve")
    (told,) = post.collect()
    assert post.give(told)
    assert post.give(told)
    (mail,) = post.sent
    assert mail["FromEmailAddress"] == "switchyard@example.com"
    assert mail["Destination"] == {"ToAddresses": ["eve@example.com"]}
    subject, text, html = texts(mail)
    assert subject == "user_ada assigned this task to you: Write the guide"
    assert f"{URL}/console/tasks/{task['id']}" in text
    assert f'<a href="{URL}/console/tasks/{task["id"]}">Write the guide</a>' in html


def test_a_question_is_mailed_with_its_text_and_choices(
    eve: Api, caller: Caller, table: Table, tenant: str, post: Post
) -> None:
    ledger, bo = Runs(table, tenant), caller("agent_bo", kind="agent")
    run = ledger.run(ledger.task(), dispatched_at="2026-01-01T00:00:00.000Z", dispatches=1)
    ledger.claim(run)
    asked = {"text": "Which of the two?", "choices": ["<this>", "that"], "to": "user_eve"}
    bo.post(f"/v1/runs/{run.task_id}/{run.id}/questions", asked)
    (mail,) = post.settle()
    subject, text, html = texts(mail)
    assert subject == "agent_bo asks: Write docs"
    assert "Which of the two?\n  - <this>\n  - that\n" in text
    assert "<p>Which of the two?</p><ul><li>&lt;this&gt;</li><li>that</li></ul>" in html
    assert f"{URL}/console/runs/{run.task_id}/{run.id}" in text


def test_texts_end_no_header_and_are_no_markup(api: Api, eve: Api, post: Post) -> None:
    task = make_task(api, '<script>alert("a")</script> ' + "x" * 170)
    mention(api, task, "@user_eve <img src=x>\r\nBcc: all@example.com\u2028\u202e")
    (mail,) = post.settle()
    subject, text, html = texts(mail)
    assert len(subject) <= 120
    assert all(each.isprintable() for each in subject)
    assert "@user_eve <img src=x> Bcc: all@example.com" in text
    assert not set(text) & {"\u2028", "\u202e", "\r"}
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html


def test_each_mail_says_how_it_ends(api: Api, eve: Api, post: Post, tenant: str) -> None:
    make_task(api, assignee="user_eve")
    (mail,) = post.settle()
    given = headers(mail)
    assert re.fullmatch(rf"<{URL}/v1/inbox/unsubscribe/{re.escape(tenant)}~user_eve~sy_\w+>", given["List-Unsubscribe"])
    assert given["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert given["Auto-Submitted"] == "auto-generated"
    link = given["List-Unsubscribe"].strip("<>")
    assert link in texts(mail)[1]
    assert f'href="{link}"' in texts(mail)[2]


# ---------------------------------------------------------------- when


def test_what_comes_soon_after_a_mail_goes_along_with_the_next(api: Api, eve: Api, post: Post, later: Any) -> None:
    task = make_task(api, "First", assignee="user_eve")
    assert len(post.settle()) == 1
    mention(api, task)
    mention(api, task)
    assert post.settle() == []
    assert 0 < post.visibility.hidden[-1] <= PAUSE_SECONDS
    later(PAUSE_SECONDS)
    (mail,) = post.settle()
    assert texts(mail)[0] == "user_ada mentions you: First and 1 more"
    later(2 * PAUSE_SECONDS)
    assert post.settle() == []
    assert post.waiting == []


def test_a_digest_is_one_message_that_waits(api: Api, eve: Api, post: Post, later: Any) -> None:
    set_mode(eve, "digest")
    first = make_task(api, "First", assignee="user_eve")
    assert post.settle() == []
    assert DIGEST_SECONDS - 5 <= post.visibility.hidden[-1] <= DIGEST_SECONDS
    make_task(api, "Second", assignee="user_eve")
    assert post.settle() == []
    assert len(post.waiting) == 1
    later(DIGEST_SECONDS)
    (mail,) = post.settle()
    assert texts(mail)[1].count("assigned this task to you") == 2
    mention(api, first)
    assert post.settle() == []
    later(2 * DIGEST_SECONDS)
    (mail,) = post.settle()
    assert texts(mail)[1].count("mentions you") == 1
    assert "assigned" not in texts(mail)[1]


def test_what_comes_while_a_mail_is_sent_is_in_it_or_in_the_next(
    api: Api, eve: Api, post: Post, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_task(api, "First", assignee="user_eve")
    (told,) = post.collect()
    send, more = post.send_email, list[Any]()

    def meanwhile(**mail: Any) -> dict[str, str]:
        make_task(api, "Second", assignee="user_eve")
        more.extend(post.collect())
        more.append(post.give(more[0]))
        monkeypatch.setattr(post, "send_email", send)
        return send(**mail)

    monkeypatch.setattr(post, "send_email", meanwhile)
    assert post.give(told)
    assert more[1] is False
    later(2 * PAUSE_SECONDS)
    assert post.give(more[0], attempt=2)
    assert [set(re.findall(r"First|Second", texts(mail)[1])) for mail in post.sent] == [{"First"}, {"Second"}]


# ---------------------------------------------------------------- what is not mailed


@pytest.mark.parametrize("reason", ["off", "no address", "agent"])
def test_who_wants_none_or_has_no_address_gets_none(
    api: Api, caller: Caller, post: Post, table: Table, tenant: str, reason: str
) -> None:
    who = "agent_eve" if reason == "agent" else "user_eve"
    if reason != "no address":
        table.write([mailboxes.note_address(tenant, who, "eve@example.com", new_token())])
    if reason == "off":
        set_mode(caller("user_eve"), "off")
    make_task(api, assignee=who, assigneeType="agent" if reason == "agent" else "user")
    assert post.settle() == []
    assert post.waiting == []


@pytest.mark.parametrize("has_address", [True, False])
def test_who_gets_none_costs_one_read_an_item(
    api: Api, caller: Caller, post: Post, table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch, has_address: bool
) -> None:
    if has_address:
        table.write([mailboxes.note_address(tenant, "user_eve", "eve@example.com", new_token())])
        set_mode(caller("user_eve"), "off")
    make_task(api, assignee="user_eve")
    (told,) = post.collect()
    calls: list[str] = []
    real = table.call
    monkeypatch.setattr(table, "call", lambda name, **more: [calls.append(name), real(name, **more)][1])
    assert post.give(told)
    assert calls == ["batch_get_item"]


def test_who_wants_none_any_more_has_no_mail_that_waits(
    api: Api, eve: Api, post: Post, table: Table, tenant: str
) -> None:
    set_mode(eve, "digest")
    make_task(api, assignee="user_eve")
    assert post.settle() == []
    assert mailboxes.find(table, tenant, "user_eve").pending
    set_mode(eve, "off")
    assert post.settle() == []
    assert (mailboxes.find(table, tenant, "user_eve").pending, post.waiting) == (None, [])


def test_what_is_read_deleted_or_hidden_by_then_is_not_mailed(api: Api, eve: Api, post: Post, later: Any) -> None:
    set_mode(eve, "digest")
    read, deleted, hidden, told = (make_task(api, name, assignee="user_eve")["id"] for name in "abcd")
    post.settle()
    items = eve.get("/v1/inbox").json["items"]
    eve.post("/v1/inbox/read", {"ids": [each["id"] for each in items if each["track"]["id"] == read]})
    api.delete(f"/v1/tracks/{deleted}")
    assert api.patch(f"/v1/tracks/{hidden}", {"scope": {"type": "personal"}}).status == 200
    later(DIGEST_SECONDS)
    (mail,) = post.settle()
    assert re.findall(r"/console/tasks/(\S+)", texts(mail)[1]) == [told]


def test_the_text_of_a_deleted_comment_is_not_mailed(api: Api, eve: Api, post: Post, later: Any) -> None:
    set_mode(eve, "digest")
    task = make_task(api, "Write")
    comment = mention(api, task, "@user_eve the secret word")
    post.settle()
    api.delete(f"/v1/tracks/{task['id']}/comments/{comment['id']}")
    later(DIGEST_SECONDS)
    (mail,) = post.settle()
    assert "user_ada mentions you: Write" in texts(mail)[1]
    assert "secret word" not in texts(mail)[1]


def test_what_one_of_the_persons_devices_shows_is_not_mailed(api: Api, eve: Api, post: Post, later: Any) -> None:
    device = eve.post("/api/users/@me/push_tokens", {"token": "a", "platform": "ios"}).json["id"]
    seen, unseen = make_task(api, "Seen"), make_task(api, "Unseen")
    assert eve.post(f"/api/projects/-/tasks/{seen['id']}/presence", {"device_id": device}).status == 204
    mention(api, seen)
    assert post.settle() == []
    later(90)
    mention(api, unseen)
    (mail,) = post.settle()
    assert "Seen" not in texts(mail)[1].replace("Unseen", "")


# ---------------------------------------------------------------- when SES does not take it


def test_a_mail_that_was_refused_is_tried_again_and_sent_once(api: Api, eve: Api, post: Post) -> None:
    make_task(api, assignee="user_eve")
    (told,) = post.collect()
    post.refusals.append("TooManyRequestsException")
    assert not post.give(told)
    assert post.visibility.hidden[-1] >= 1
    assert post.give(told, attempt=2)
    assert post.give(told, attempt=3)
    assert len(post.sent) == 1


def test_after_the_last_attempt_the_message_is_a_dead_letter_and_the_next_notice_is_mailed(
    api: Api, eve: Api, post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    make_task(api, "First", assignee="user_eve")
    (told,) = post.collect()
    last = queues.ATTEMPTS["mails"]
    post.refusals += ["MessageRejected"] * last
    assert [post.give(told, attempt) for attempt in range(1, last + 1)] == [False] * last
    assert post.visibility.hidden[-1] == 0
    assert "eve@example.com" not in capsys.readouterr().out
    make_task(api, "Second", assignee="user_eve")
    (mail,) = post.settle()
    assert {"First", "Second"} <= set(re.findall(r"First|Second", texts(mail)[1]))


def test_a_digest_that_is_given_up_holds_up_no_other_mail(
    api: Api, eve: Api, post: Post, table: Table, tenant: str, later: Any
) -> None:
    set_mode(eve, "digest")
    make_task(api, assignee="user_eve")
    (told,) = post.collect()
    assert not post.give(told)
    later(DIGEST_SECONDS)
    post.refusals.append("MessageRejected")
    assert not post.give(told, attempt=queues.ATTEMPTS["mails"])
    box = mailboxes.find(table, tenant, "user_eve")
    assert (box.pending, box.sending, box.sending_until) == (None, None, 0)


def test_a_second_delivery_while_the_first_sends_waits(api: Api, eve: Api, post: Post, table: Table) -> None:
    make_task(api, assignee="user_eve")
    (told,) = post.collect()
    box = mailboxes.find(table, told["tenant"], "user_eve")
    now = int(time.time())
    assert mailboxes.wait(table, box, told["item"], now, now)
    assert mailboxes.take(table, box, told["item"], now + 60)
    assert not post.give(told, attempt=2)
    assert post.sent == []


# ---------------------------------------------------------------- settings, and how mails end


def test_a_person_says_when_they_are_mailed(api: Api, caller: Caller, eve: Api) -> None:
    mine = {"mode": "at_once", "address": "eve@example.com", "sender": "switchyard@example.com"}
    assert api.get("/v1/inbox/mail").json == {**mine, "address": None}
    assert eve.get("/v1/inbox/mail").json == mine
    assert eve.patch("/v1/inbox/mail", {"mode": "digest"}).json == {**mine, "mode": "digest"}
    assert eve.patch("/v1/inbox/mail", {}).json["mode"] == "digest"
    assert caller("user_eve", tenant=new_id()).get("/v1/inbox/mail").json == {**mine, "address": None}
    assert_refused(eve.patch("/v1/inbox/mail", {"mode": "weekly"}), 400, "mode")
    assert_refused(eve.patch("/v1/inbox/mail", {"address": "mallory@example.com"}), 400, "address")


def click(link: str, method: str = "POST", body: str = "List-Unsubscribe=One-Click") -> Answer:
    """Do what a mail program does: no token, and a form."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    return Api(None).answer(method, link.removeprefix(URL), form if method == "POST" else {}, body)


def test_one_click_ends_the_mails_and_opening_the_link_does_not(api: Api, eve: Api, post: Post) -> None:
    make_task(api, assignee="user_eve")
    (mail,) = post.settle()
    link = headers(mail)["List-Unsubscribe"].strip("<>")
    page = click(link, "GET")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<form method="post">' in page.text
    assert eve.get("/v1/inbox/mail").json["mode"] == "at_once"
    for _ in range(2):
        assert click(link).status == 200
        assert eve.get("/v1/inbox/mail").json["mode"] == "off"
    set_mode(eve, "digest")
    assert click(link).status == 200
    assert eve.get("/v1/inbox/mail").json["mode"] == "off"


def test_a_link_of_somebody_else_or_made_up_ends_nothing(eve: Api, caller: Caller, table: Table, tenant: str) -> None:
    table.write([mailboxes.note_address(tenant, "user_bob", "bob@example.com", new_token())])
    bob, hers = (mailboxes.find(table, tenant, each) for each in ("user_bob", "user_eve"))
    mixed = [
        unsubscribe_token(Mailbox(tenant_id=tenant, actor_id="user_eve", secret=bob.secret)),
        unsubscribe_token(Mailbox(tenant_id=new_id(), actor_id="user_eve", secret=hers.secret)),
        unsubscribe_token(Mailbox(tenant_id=tenant, actor_id="user_unknown", secret=hers.secret)),
        unsubscribe_token(Mailbox(tenant_id=tenant, actor_id="user_eve", secret="")),
        unsubscribe_token(hers)[:-3],
        "x",
        "%C3%A4",
    ]
    for token in mixed:
        answer = click(f"{URL}/v1/inbox/unsubscribe/{token}")
        assert answer.status == 404, token
    assert eve.get("/v1/inbox/mail").json["mode"] == "at_once"


def test_the_operator_gives_an_address_that_they_know(admin: Admin) -> None:
    tenant = admin.create_tenant("Acme")
    admin.issue_token(tenant, "user_ada", kind="user", scopes=["tasks:read"])
    given = admin.mail_address(tenant, "user_ada", "Ada@Example.com")
    assert given == {"actor": "user_ada", "email": "ada@example.com"}
    assert mailboxes.find(admin.table, tenant, "user_ada").address == "ada@example.com"
