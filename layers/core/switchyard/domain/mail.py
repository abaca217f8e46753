"""Mail about a person's inbox: what they want of it, and when the next one is due (docs/mail.md)."""

import hmac
from typing import Literal

from switchyard.domain.structs import Struct

#: When notices are mailed: never, as they come, or gathered for a while.
Mode = Literal["off", "at_once", "digest"]
DEFAULT: Mode = "at_once"

#: Seconds from the first notice to the mail that has it, and what came meanwhile.
DIGEST_SECONDS = 3_600
#: Seconds between two mails to one person at least: what comes sooner goes along with the next one.
PAUSE_SECONDS = 60
#: Seconds after which a mail that should have gone is given up, so that the next notice begins another.
LOST_SECONDS = 6 * 3_600
#: Characters of what ends mails: an id, an actor's id and a secret.
TOKEN_MAX = 256
#: Notices that one mail has at most; the inbox has the others.
NOTICES_MAX = 50


class Mailbox(Struct, kw_only=True):
    """How a person is mailed. `address` is one that is known to be theirs; `secret` ends their mails by itself.

    `pending` is the inbox item whose message waits to become the next mail, at `due_at`; `sending` is the one whose
    mail is on its way, and `sending_until` when another attempt may begin. Times are seconds since the epoch.
    """

    tenant_id: str
    actor_id: str
    address: str | None = None
    mode: str = DEFAULT
    secret: str = ""
    pending: str | None = None
    due_at: int = 0
    sending: str | None = None
    sending_until: int = 0
    mailed_at: int = 0

    @property
    def wanted(self) -> bool:
        """Return whether the person is mailed at all."""
        return self.address is not None and self.mode != "off"

    def due(self, now: int) -> int:
        """Return when a mail goes whose first notice comes now: not while another one is on its way."""
        wait = DIGEST_SECONDS if self.mode == "digest" else 0
        return max(now + wait, self.mailed_at + PAUSE_SECONDS, self.sending_until)


def unsubscribe_token(mailbox: Mailbox) -> str:
    """Return what ends a person's mails, by itself: whose they are, and the secret that only these mails have."""
    return "~".join((mailbox.tenant_id, mailbox.actor_id, mailbox.secret))


def named(token: str) -> tuple[str, str, str] | None:
    """Return tenant, actor and secret of such a token; None for any other text."""
    parts = token.split("~")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 and all(parts) and len(token) <= TOKEN_MAX else None


def is_secret_of(mailbox: Mailbox, secret: str) -> bool:
    """Tell whether a secret is the one of a person's mails, in constant time."""
    return bool(mailbox.secret) and hmac.compare_digest(mailbox.secret.encode(), secret.encode())
