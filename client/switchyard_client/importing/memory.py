"""What an import sent before, so that the next one sends what has changed at the source since, and nothing else.

Without it an item that was completed here and is still open in the file would be opened again.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def _hashes(draft: Json) -> dict[str, str]:
    """Return a hash for each field of a draft, those of its task or goal with a dot."""
    flat = {name: value for name, value in draft.items() if name not in ("task", "goal")}
    for kind in ("task", "goal"):
        flat |= {f"{kind}.{name}": value for name, value in draft.get(kind, {}).items()}
    return {name: _hash(value) for name, value in flat.items()}


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


class Memory:
    """The last drafts of one workspace, by their external ids. Raises sqlite3.Error for a damaged file."""

    def __init__(self, path: Path, workspace: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._workspace = workspace
        self._rows = sqlite3.connect(path)
        with self._rows:
            self._rows.execute(
                "CREATE TABLE IF NOT EXISTS sent "
                "(workspace TEXT, name TEXT, fields TEXT, PRIMARY KEY (workspace, name))"
            )

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def forget(self) -> None:
        """Forget all of the workspace."""
        with self._rows:
            self._rows.execute("DELETE FROM sent WHERE workspace = ?", (self._workspace,))

    def changed(self, draft: Json) -> Json | None:
        """Return a draft with what differs from the last one of its external id; None when nothing does."""
        before = self._before(draft["externalId"])
        if before is None:
            return draft
        after = _hashes(draft)
        names = {name for name, value in after.items() if before.get(name) != value}
        if not names:
            return None
        kind = "task" if "task" in draft else "goal"
        own = {name: value for name, value in draft[kind].items() if f"{kind}.{name}" in names}
        kept = {name: value for name, value in draft.items() if name in names or name == "externalId"}
        return {**kept, kind: own}

    def remember(self, drafts: Iterable[Json]) -> None:
        """Keep what was sent and taken."""
        with self._rows:
            self._rows.executemany(
                "INSERT OR REPLACE INTO sent VALUES (?, ?, ?)",
                [(self._workspace, each["externalId"], json.dumps(_hashes(each))) for each in drafts],
            )

    def _before(self, name: str) -> dict[str, str] | None:
        query = "SELECT fields FROM sent WHERE workspace = ? AND name = ?"
        with closing(self._rows.execute(query, (self._workspace, name))) as found:
            row = found.fetchone()
        return json.loads(row[0]) if row else None
