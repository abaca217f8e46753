"""How people are mailed: a row beside each inbox, and which of its items were mailed."""

from switchyard.domain.inbox import Item as InboxItem
from switchyard.domain.mail import DEFAULT, LOST_SECONDS, Mailbox, Mode
from switchyard.store import inbox, people_keys
from switchyard.store.codec import THERE, Codec, row_key
from switchyard.store.table import ConditionFailed, Item, Table

ROWS = Codec(Mailbox, lambda each: people_keys.mailbox(each.tenant_id, each.actor_id))
from_item = ROWS.from_item


def of_row(row: Item | None, tenant_id: str, actor_id: str) -> Mailbox:
    """Return how a person is mailed by their row; one who has none yet has no address."""
    return from_item(row) if row else Mailbox(tenant_id=tenant_id, actor_id=actor_id)


def find(table: Table, tenant_id: str, actor_id: str) -> Mailbox:
    """Read how a person is mailed: 1 round trip."""
    return of_row(table.get(*people_keys.mailbox(tenant_id, actor_id)), tenant_id, actor_id)


def find_with_item(table: Table, tenant_id: str, actor_id: str, item_id: str) -> tuple[Mailbox, InboxItem | None]:
    """Read how a person is mailed, and an item of their inbox: 1 round trip."""
    own, key = people_keys.mailbox(tenant_id, actor_id), people_keys.inbox_item(tenant_id, actor_id, item_id)
    found = table.get_many([own, key])
    mailbox = of_row(found.get(own), tenant_id, actor_id)
    return mailbox, inbox.from_item(found[key]) if key in found else None


def note_address(tenant_id: str, actor_id: str, address: str, secret: str) -> Item:
    """The action that notes a person's address, which is known to be theirs; `secret` counts if they have none."""
    sets = "address = :address, #mode = if_not_exists(#mode, :mode)"
    return _set(tenant_id, actor_id, secret, sets, {":address": address, ":mode": DEFAULT})


def set_mode(tenant_id: str, actor_id: str, mode: Mode, secret: str) -> Item:
    """The action that notes when a person is mailed; `secret` counts if they have none."""
    return _set(tenant_id, actor_id, secret, "#mode = :mode", {":mode": mode})


def _set(tenant_id: str, actor_id: str, secret: str, sets: str, values: dict[str, str]) -> Item:
    own = "tenant_id = :tenant, actor_id = :actor, secret = if_not_exists(secret, :secret)"
    values = {**values, ":tenant": tenant_id, ":actor": actor_id, ":secret": secret}
    return {
        "Update": {
            "Key": row_key(people_keys.mailbox(tenant_id, actor_id)),
            "UpdateExpression": f"SET {own}, {sets}",
            "ExpressionAttributeNames": {"#mode": "mode"},
            "ExpressionAttributeValues": {name: {"S": each} for name, each in values.items()},
        }
    }


def forget_address(mailbox: Mailbox) -> Item:
    """The action that takes a person's address away: they are not mailed any more."""
    key = row_key(people_keys.mailbox(mailbox.tenant_id, mailbox.actor_id))
    return {"Update": {"Key": key, "UpdateExpression": "REMOVE address", **THERE}}


# ---------------------------------------------------------------- the next mail of a person


def wait(table: Table, mailbox: Mailbox, item_id: str, due_at: int, now: int) -> bool:
    """Have an item's message become the next mail; False when another one's does already. 1 write."""
    condition = "attribute_exists(pk) AND (attribute_not_exists(pending) OR due_at < :lost)"
    values = {":item": {"S": item_id}, ":due": _number(due_at), ":lost": _number(now - LOST_SECONDS)}
    return _change(table, mailbox, "SET pending = :item, due_at = :due", condition, values)


def take(table: Table, mailbox: Mailbox, item_id: str, until: int) -> bool:
    """Begin to send the mail of an item's message, until a time; False when it is not its turn any more. 1 write.

    From now on new items wait for a mail of their own: one that this mail does not find is in the next.
    """
    values = {":item": {"S": item_id}, ":until": _number(until)}
    expression = "SET sending = :item, sending_until = :until REMOVE pending, due_at"
    return _change(table, mailbox, expression, "pending = :item", values)


def take_again(table: Table, mailbox: Mailbox, item_id: str, until: int) -> bool:
    """Try again to send a mail; False while another attempt is at it, and when a later mail took over. 1 write."""
    values = {":item": {"S": item_id}, ":until": _number(until), ":was": _number(mailbox.sending_until)}
    condition = "sending = :item AND sending_until = :was"
    return _change(table, mailbox, "SET sending_until = :until", condition, values)


def end_turn(table: Table, mailbox: Mailbox, item_id: str) -> None:
    """Let the next attempt at a mail begin at once: 1 write."""
    values = {":item": {"S": item_id}, ":none": _number(0)}
    _change(table, mailbox, "SET sending_until = :none", "sending = :item", values)


def finish(table: Table, mailbox: Mailbox, item_id: str, sent_at: int | None) -> None:
    """Note that a mail is done with, and when it went if it did: 1 write."""
    values, expression = {":item": {"S": item_id}}, "REMOVE sending, sending_until"
    if sent_at is not None:
        values[":at"], expression = _number(sent_at), f"SET mailed_at = :at {expression}"
    _change(table, mailbox, expression, "sending = :item", values)


def let_go(table: Table, mailbox: Mailbox, item_id: str) -> None:
    """Have no mail wait for an item's message any more: 1 write if one did when the mailbox was read."""
    values = {":item": {"S": item_id}}
    if mailbox.pending == item_id:
        _change(table, mailbox, "REMOVE pending, due_at", "pending = :item", values)
    elif mailbox.sending == item_id:
        finish(table, mailbox, item_id, None)


# ---------------------------------------------------------------- what there is to mail


def newest(table: Table, mailbox: Mailbox, limit: int) -> list[InboxItem]:
    """Read the newest items of a person's inbox, as they are now: 1 query."""
    pk, prefix = people_keys.inbox(mailbox.tenant_id, mailbox.actor_id)
    rows, _ = table.query(
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
        ScanIndexForward=False,
        Limit=limit,
        ConsistentRead=True,
    )
    return inbox.live(rows)


def note_mailed(table: Table, item: InboxItem, at: str) -> None:
    """Note that an item was mailed, or needs no mail; one that has ended meanwhile stays away. 1 write."""
    _written(table, inbox.mark(item, "mailed_at", at))


def _change(table: Table, mailbox: Mailbox, expression: str, condition: str, values: Item) -> bool:
    update = {
        "Key": row_key(people_keys.mailbox(mailbox.tenant_id, mailbox.actor_id)),
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }
    return _written(table, {"Update": update})


def _written(table: Table, action: Item) -> bool:
    try:
        table.write([action])
    except ConditionFailed:
        return False
    return True


def _number(value: int) -> Item:
    return {"N": str(value)}
