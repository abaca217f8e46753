"""Keys of imports, of calendar feeds, and of the names of projects: see keys.py."""

import hashlib

from switchyard.domain import text

#: What the rows of a job's partition begin with.
IMPORT, LANE, RESULT = "IMPORT", "LANE#", "RESULT#"


def job(tenant_id: str, import_id: str) -> tuple[str, str]:
    return f"{tenant_id}#IMPORT#{import_id}", IMPORT


def lane(tenant_id: str, import_id: str, number: int) -> tuple[str, str]:
    """How far one of the parts is that are applied side by side."""
    return f"{tenant_id}#IMPORT#{import_id}", f"{LANE}{number}"


def result(tenant_id: str, import_id: str, number: int, offset: int, done: int) -> tuple[str, str]:
    """What became of the lines of one transaction, in the order of the lane."""
    return f"{tenant_id}#IMPORT#{import_id}", f"{RESULT}{number}#{offset:012d}#{done:03d}"


def slot(tenant_id: str) -> tuple[str, str]:
    """The import of the tenant that is under way: one at a time."""
    return f"{tenant_id}#IMPORTS", "UNDERWAY"


def feed(tenant_id: str, feed_id: str) -> tuple[str, str]:
    return f"{tenant_id}#FEEDS", f"FEED#{feed_id}"


def feed_secret(digest: str) -> tuple[str, str]:
    """Finds a feed by the secret of its address; beside the tokens, whose rows have another sort key."""
    return f"TOKEN#{digest}", "FEED"


def project_name(tenant_id: str, name: str) -> tuple[str, str]:
    """Which project has a name: texts that read alike are one. Hashed, for it is the client's text."""
    return f"{tenant_id}#TENANT", f"PROJECTNAME#{hashlib.sha256(text.folded(name).encode()).hexdigest()}"
