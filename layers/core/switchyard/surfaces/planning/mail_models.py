"""Wire models of the mails about an inbox (docs/mail.md)."""

from switchyard.domain.mail import Mode
from switchyard.surfaces.inputs import ABSENT, CamelBody
from switchyard.surfaces.outputs import CamelShown


class UpdateMailSettings(CamelBody):
    """Absent fields keep their values."""

    mode: Mode = ABSENT  #: Never (`off`), `at_once`, or gathered for an hour (`digest`).


class MailSettings(CamelShown):
    """Whether and when the caller is mailed about their inbox."""

    mode: Mode  #: Never (`off`), `at_once`, or gathered for an hour (`digest`).
    #: Where mails go: the address that the caller signs in with, or that the operator gave; null if none is known.
    address: str | None
    sender: str | None  #: Where mails come from; null: this installation sends none.
