"""When a person is mailed about their inbox: shown and set by themselves."""

import os
from typing import Any

from switchyard.domain.mail import Mailbox
from switchyard.domain.structs import replace
from switchyard.domain.tokens import new_token
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.store import mailboxes, people_keys
from switchyard.surfaces.planning.mail_models import UpdateMailSettings


def show(call: AnyCall) -> Reply:
    """Answer with the caller's settings: 1 read."""
    return Reply(200, shown(call))


def shown(call: AnyCall) -> dict[str, Any]:
    """Return what the caller's settings show: a body may carry it back."""
    return _shown(_own(call))


def update(call: Call[UpdateMailSettings]) -> Reply:
    """Set when the caller is mailed: 1 read, and the commit."""
    own, mode, actor = _own(call), call.body.mode, call.actor
    if mode is not None and mode != own.mode:
        call.unit.write(mailboxes.set_mode(actor.tenant_id, actor.id, mode, new_token()))
        own = replace(own, mode=mode)
    return Reply(200, _shown(own))


def _own(call: AnyCall) -> Mailbox:
    tenant, actor = call.actor.tenant_id, call.actor.id
    return mailboxes.of_row(call.unit.row(people_keys.mailbox(tenant, actor)), tenant, actor)


def _shown(mailbox: Mailbox) -> dict[str, Any]:
    return {"mode": mailbox.mode, "address": mailbox.address, "sender": os.environ["MAIL_FROM"] or None}
