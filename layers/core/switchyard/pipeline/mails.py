"""Mails: from the items of a person's inbox to one mail that tells of them (docs/mail.md).

The stream carries each new item to a queue. The first message that finds no other waiting becomes the person's next
mail: it stays in the queue, invisible, until that is due, and then tells of all that is unread and was not mailed.
So a digest is one message that waits, and nothing looks for what is due.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from switchyard.aws.mailer import HEADER_VALUE_MAX, Mail, Mailer, NotSent
from switchyard.aws.queues import Message, Queue
from switchyard.aws.telemetry import logger
from switchyard.domain import clock, mail
from switchyard.domain.inbox import Item
from switchyard.domain.mail import Mailbox
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.pipeline import mail_texts
from switchyard.pipeline.mail_texts import Notice
from switchyard.store import comments, devices, keys, mailboxes, people_keys, questions, tracks
from switchyard.store.table import Table

#: Seconds for which one attempt has a mail to itself: longer than the function may run.
TURN_SECONDS = 60


def handle(table: Table, queue: Queue, mailer: Mailer, message: Message) -> bool:
    """Work on one item's message; returns whether it is done (False: it is due again later)."""
    tenant, actor, item_id = (str(message.body[name]) for name in ("tenant", "actor", "item"))
    mailbox, item = mailboxes.find_with_item(table, tenant, actor, item_id)
    if not mailbox.wanted:
        mailboxes.let_go(table, mailbox, item_id)
        return True
    now = clock.epoch()
    if item_id not in (mailbox.sending, mailbox.pending):
        if item is None or item.read_at or item.mailed_at:
            return True
        due_at = mailbox.due(now)
        if not mailboxes.wait(table, mailbox, item_id, due_at, now):
            return True  # it goes along with the one that waits
    elif mailbox.sending == item_id:
        due_at = mailbox.sending_until
    else:
        due_at = mailbox.due_at
    if due_at > now:
        queue.postpone(message, due_at - now)
        return False
    take = mailboxes.take_again if mailbox.sending == item_id else mailboxes.take
    if not take(table, mailbox, item_id, now + TURN_SECONDS):
        return True  # another one took over
    return _send(table, queue, mailer, message, mailbox)


def _send(table: Table, queue: Queue, mailer: Mailer, message: Message, mailbox: Mailbox) -> bool:
    item_id = str(message.body["item"])
    items = _told(table, mailbox)
    told = {"tenant": mailbox.tenant_id, "actor": mailbox.actor_id, "notices": len(items)}
    if items:
        try:
            reference = mailer.send(_mail(mailbox, [notice for _, notice in items], mailer.links))
        except NotSent as refusal:
            logger.warning("mail not sent", extra={**told, "error": str(refusal), "attempt": message.attempt})
            if queue.is_last(message):
                mailboxes.finish(table, mailbox, item_id, None)
            else:
                mailboxes.end_turn(table, mailbox, item_id)
            queue.postpone(message, queue.pause(message))
            return False
        logger.info("mail sent", extra={**told, "reference": reference})
        for item, _ in items:
            mailboxes.note_mailed(table, item, clock.now())
    mailboxes.finish(table, mailbox, item_id, clock.epoch() if items else None)
    return True


# ---------------------------------------------------------------- what a mail tells


def _told(table: Table, mailbox: Mailbox) -> list[tuple[Item, Notice]]:
    """Return the unread items that were not mailed, newest first, as the person may see them now.

    1 query, 1 read of what they are about, 1 query of the person's devices, and if they have any 1 for each task.
    """
    newest = mailboxes.newest(table, mailbox, mail.NOTICES_MAX)
    items = [each for each in newest if each.read_at is None and each.mailed_at is None]
    wanted = {key for each in items for key in (keys.track(each.tenant_id, each.track_id), *_about(each))}
    found = table.get_many(sorted(wanted))
    visible = {}
    for item in items:
        row = found.get(keys.track(item.tenant_id, item.track_id))
        track = tracks.from_item(row) if row else None
        if track and not track.deleted_at and track.owner in (None, mailbox.actor_id):
            visible[item] = track
    watched = _watched(table, mailbox, {each.id for each in visible.values()})
    for item, track in visible.items():
        if track.id in watched:
            mailboxes.note_mailed(table, item, clock.now())
    return [(item, _notice(item, track, found)) for item, track in visible.items() if track.id not in watched]


def _watched(table: Table, mailbox: Mailbox, task_ids: Iterable[str]) -> set[str]:
    """Return the tasks that one of the person's devices shows now: nobody is told of what is before their eyes."""
    tenant, actor = mailbox.tenant_id, mailbox.actor_id
    registered = {each.id: each for each in devices.of_person(table, tenant, actor).devices}
    return {each for each in task_ids if registered and devices.watching(table, tenant, each, actor, registered)}


def _about(item: Item) -> list[tuple[str, str]]:
    """Return the keys of the question or the comment that an item is about."""
    if item.question_id and item.run_id:
        return [people_keys.question(item.tenant_id, item.track_id, item.run_id, item.question_id)]
    return [people_keys.comment(item.tenant_id, item.track_id, item.comment_id)] if item.comment_id else []


def _notice(item: Item, track: Track, found: Mapping[tuple[str, str], Any]) -> Notice:
    excerpt, choices = "", tuple[str, ...]()
    row = next((found[key] for key in _about(item) if key in found), None)
    if row and item.question_id:
        question = questions.from_item(row)
        excerpt, choices = question.text, question.choices
    elif row:
        comment = comments.from_item(row)
        excerpt = "" if comment.deleted_at else comment.text
    path = f"/console/runs/{track.id}/{item.run_id}" if item.run_id else f"/console/{track.type}s/{track.id}"
    return Notice(item.kind, track.title, item.by, path, excerpt, choices)


def _mail(mailbox: Mailbox, notices: Sequence[Notice], url: str) -> Mail:
    assert mailbox.address
    linked = [replace(each, link=url + each.link) for each in notices]
    unsubscribe = f"{url}/v1/inbox/unsubscribe/{quote(mail.unsubscribe_token(mailbox), safe='~')}"
    links = (f"{url}/console/inbox", f"{url}/console/settings", unsubscribe)
    # RFC 8058: a mail program unsubscribes by one POST; RFC 3834: nobody's absence note answers this.
    headers = {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
    if max(map(len, headers.values())) > HEADER_VALUE_MAX:
        raise ValueError("The address of the API is too long for the header List-Unsubscribe.")
    text, html = mail_texts.as_text(linked, *links), mail_texts.as_html(linked, *links)
    return Mail(mailbox.address, mail_texts.subject(linked), text, html, headers)
