"""Amazon SES: the only place that talks to it.

Rules that hold for what is sent here, and where AWS states them:
- The sender's address or its domain is a verified identity; in the sandbox, which each account begins in, so is each
  recipient, and an account sends 200 mails in 24 hours and one a second
  (https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html, .../quotas.html).
- A message has at most 50 recipients, and 15 headers of its own, of 126 characters of ASCII and 870 of value
  (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Message.html, .../API_MessageHeader.html).
- SES takes what is sent to an address on the account's suppression list, and does not deliver it: addresses that
  bounced or complained come there by themselves
  (https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html).
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError, Unreachable
from switchyard.domain.structs import Struct

HEADER_VALUE_MAX = 870


class NotSent(Exception):
    """SES did not take a mail now: it may later, or once an operator has set it up."""


class Mail(Struct):
    """One mail to one person: a line of subject, the same told as text and as HTML, and headers of its own."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = {}


class Mailer:
    """Sends mails from one address. `links` is where their links lead, without a slash at the end."""

    def __init__(self, client: Any, sender: str, links: str) -> None:
        self.client, self.sender, self.links = client, sender, links

    @classmethod
    def from_environment(cls) -> "Mailer":
        """Return the one of the environment: MAIL_FROM is its address, MAIL_LINKS where links lead."""
        return cls(make_client("sesv2"), os.environ["MAIL_FROM"], os.environ["MAIL_LINKS"])

    def send(self, mail: Mail) -> str:
        """Send a mail; returns SES's id of it. Raises NotSent."""
        simple = {
            "Subject": _content(mail.subject),
            "Body": {"Text": _content(mail.text), "Html": _content(mail.html)},
            "Headers": [{"Name": name, "Value": value} for name, value in mail.headers.items()],
        }
        try:
            answer = self.client.send_email(
                FromEmailAddress=self.sender, Destination={"ToAddresses": [mail.to]}, Content={"Simple": simple}
            )
        except (ApiError, Unreachable) as error:
            # Without the text: SES names the recipient, and logs are for more people than addresses are.
            code = error.code if isinstance(error, ApiError) else type(error).__name__
            raise NotSent(code) from None
        return str(answer["MessageId"])


@cache
def shared() -> Mailer:
    """Return the container's mailer, made on first use."""
    return Mailer.from_environment()


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
