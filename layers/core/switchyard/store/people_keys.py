"""Keys of what people read and write beside the work: see keys.py."""

from switchyard.store.keys import COMMENT, INBOX

QUESTION, MAILBOX = "QUESTION#", "MAIL"


def question(tenant_id: str, task_id: str, run_id: str, question_id: str) -> tuple[str, str]:
    return f"{tenant_id}#{task_id}", f"{QUESTION}{run_id}#{question_id}"


def questions(tenant_id: str, task_id: str, run_id: str) -> tuple[str, str]:
    """The partition of a run's questions, and what their sort keys begin with."""
    return f"{tenant_id}#{task_id}", f"{QUESTION}{run_id}#"


def comment(tenant_id: str, track_id: str, comment_id: str) -> tuple[str, str]:
    return f"{tenant_id}#{track_id}", f"{COMMENT}{comment_id}"


def comments(tenant_id: str, track_id: str) -> tuple[str, str]:
    """The partition of a track's comments, and what their sort keys begin with."""
    return f"{tenant_id}#{track_id}", COMMENT


def inbox_item(tenant_id: str, actor_id: str, item_id: str) -> tuple[str, str]:
    return f"{tenant_id}#INBOX#{actor_id}", f"{INBOX}{item_id}"


def inbox(tenant_id: str, actor_id: str) -> tuple[str, str]:
    """The partition of a person's inbox, and what its sort keys begin with."""
    return f"{tenant_id}#INBOX#{actor_id}", INBOX


def mailbox(tenant_id: str, actor_id: str) -> tuple[str, str]:
    """How a person is mailed: beside their inbox, and not among its items."""
    return inbox(tenant_id, actor_id)[0], MAILBOX
