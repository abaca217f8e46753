"""What a mail says: one line of subject, and its notices as text and as HTML. Every text of the ledger is escaped."""

from collections.abc import Sequence
from html import escape

from switchyard.domain.structs import Struct

#: Characters of a subject, and of what somebody wrote, that a mail has at most.
SUBJECT_MAX, EXCERPT_MAX = 120, 300

_SAYS = {
    "assigned": "{by} assigned this task to you",
    "mentioned": "{by} mentions you",
    "asked": "{by} asks",
    "failed": "The run of {by} failed",
    "due": "This task is due soon",
}


class Notice(Struct):
    """One notice of a mail. `excerpt` is what was asked or written, `choices` are the answers to choose from."""

    kind: str
    title: str
    by: str
    link: str
    excerpt: str = ""
    choices: Sequence[str] = ()

    @property
    def says(self) -> str:
        return _SAYS[self.kind].format(by=one_line(self.by))


def one_line(text: str, most: int = EXCERPT_MAX) -> str:
    """Return a text as one line: no character in it ends a header or hides what comes after."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def subject(notices: Sequence[Notice]) -> str:
    """Return the subject: what happened to which task, and how much else did."""
    first = notices[0]
    more = f" and {len(notices) - 1} more" if len(notices) > 1 else ""
    return one_line(f"{first.says}: {first.title}", SUBJECT_MAX - len(more)) + more


def as_text(notices: Sequence[Notice], inbox: str, settings: str, unsubscribe: str) -> str:
    """Return the mail as plain text."""
    parts = []
    for each in notices:
        lines = [f"{each.says}: {one_line(each.title)}"]
        lines += [f"  {one_line(each.excerpt)}"] if each.excerpt else []
        lines += [f"  - {one_line(choice)}" for choice in each.choices]
        parts.append("\n".join([*lines, f"  {each.link}"]))
    ending = f"Your inbox: {inbox}\nWhen you are mailed: {settings}\nNo more of these mails: {unsubscribe}"
    return "\n\n".join([*parts, ending]) + "\n"


def as_html(notices: Sequence[Notice], inbox: str, settings: str, unsubscribe: str) -> str:
    """Return the mail as HTML: no script, no image, nothing that is fetched when it is read."""
    told = "".join(_html(each) for each in notices)
    links = ((inbox, "Your inbox"), (settings, "When you are mailed"), (unsubscribe, "No more of these mails"))
    ending = " · ".join(f'<a href="{escape(href)}">{name}</a>' for href, name in links)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Switchyard</title></head>'
        f'<body style="font:16px/1.5 system-ui,sans-serif;max-width:38rem">{told}<p><small>{ending}</small></p>'
        "</body></html>"
    )


def _html(notice: Notice) -> str:
    said = f"<p>{escape(one_line(notice.excerpt))}</p>" if notice.excerpt else ""
    choices = "".join(f"<li>{escape(one_line(choice))}</li>" for choice in notice.choices)
    listed = f"<ul>{choices}</ul>" if choices else ""
    title = f'<a href="{escape(notice.link)}">{escape(one_line(notice.title))}</a>'
    return f"<p>{escape(notice.says)}: <strong>{title}</strong></p>{said}{listed}"
