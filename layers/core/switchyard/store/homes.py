"""What each project has: how many tasks, when they were created, about which repositories.

A task is counted in its home, the first of its projects and the shelf there (open, archived, internal). Counts are
kept by blocks of creation time too, so that the place of the n-th task is found without reading those before it.
Written by the pipeline alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import batched
from typing import Any, NamedTuple

from switchyard.domain import clock
from switchyard.domain.errors import Busy
from switchyard.domain.tracks import Track
from switchyard.store import contention, edges, keys, tracks
from switchyard.store.codec import NEW, row_key
from switchyard.store.lists import side_by_side
from switchyard.store.table import ConditionFailed, Item, Table

#: Digits of an id (UUIDv7) that name its block: 2^24 milliseconds, 4 hours and 40 minutes.
BLOCK_DIGITS = 6
#: Tasks that are counted in one transaction: each may move six counts, and a transaction has 100 actions at most.
TOGETHER_MAX = 14


class Standing(NamedTuple):
    """Where a task is counted: its home, the block of its creation, its repository ("": none)."""

    home: str
    block: str
    repository: str


def standing(track: Track | None) -> Standing | None:
    """Return where a version of a task is to be counted; None for what has no home."""
    home = tracks.home_of(track) if track and not track.deleted_at else None
    if track is None or home is None:
        return None
    return Standing(home, track.id[:BLOCK_DIGITS], track.repository or "")


def count(table: Table, tenant_id: str, tasks: Sequence[Track]) -> None:
    """Bring the counts up to versions of a tenant's tasks: 1 round trip and a transaction for TOGETHER_MAX of them.

    The row beside a task says which version the counts hold and where, and all change in one transaction: a version
    that was counted, or an older one, changes nothing however often and in whatever order records come. Raises Busy.
    """
    for some in batched(edges.latest(tasks), TOGETHER_MAX, strict=False):
        _count(table, {keys.counted(tenant_id, task.id): task for task in some})


def _count(table: Table, tasks: Mapping[tuple[str, str], Track]) -> None:
    for _ in contention.a_few_times():
        found = table.get_many(list(tasks))
        new = {key: task for key, task in tasks.items() if not edges.is_counted(found.get(key), task)}
        if not new:
            return
        remembered, deltas = [], Counter[tuple[str, str]]()
        for key, task in new.items():
            row, now = found.get(key), standing(task)
            remembered.append(_remember(key, row, now, task.version))
            deltas.subtract(counters(_was(row)))
            deltas.update(counters(now))
        try:
            table.write([*remembered, *_moves(deltas)])
        except ConditionFailed:
            continue
        return
    raise Busy("A project's counts kept changing.")


def _was(row: Mapping[str, Any] | None) -> Standing | None:
    if row is None or "standing" not in row:
        return None
    return Standing(*(each["S"] for each in row["standing"]["L"]))


def _remember(key: tuple[str, str], row: Item | None, now: Standing | None, version: int) -> Item:
    item: Item = {**row_key(key), "version": {"N": str(version)}}
    if now:
        item["standing"] = {"L": [{"S": each} for each in now]}
    else:
        item["expires_at"] = {"N": str(clock.epoch() + edges.REMEMBER_SECONDS)}
    put: Item = {"Item": item, **NEW}
    if row:
        put |= {"ConditionExpression": "version = :was", "ExpressionAttributeValues": {":was": row["version"]}}
    return {"Put": put}


def _moves(deltas: Mapping[tuple[str, str], int]) -> Iterator[Item]:
    for key, delta in deltas.items():
        if delta:
            yield {
                "Update": {
                    "Key": row_key(key),
                    "UpdateExpression": "ADD tasks :delta",
                    "ExpressionAttributeValues": {":delta": {"N": str(delta)}},
                }
            }


def counters(where: Standing | None) -> list[tuple[str, str]]:
    """Return the keys of the counts that a task is in: its home's total, its block's, its repository's."""
    if where is None:
        return []
    found = [keys.home_total(where.home), keys.home_block(where.home, where.block)]
    return [*found, keys.home_repository(where.home, where.repository)] if where.repository else found


# ---------------------------------------------------------------- reads


def total(table: Table, homes: Sequence[str]) -> int:
    """Return how many tasks the homes have together: 1 round trip."""
    found = table.get_many([keys.home_total(home) for home in homes], consistent=False)
    return sum(int(row["tasks"]["N"]) for row in found.values())


def of_repository(table: Table, homes: Sequence[str], repository: str) -> int:
    """Return how many tasks of the homes together are about a repository (`organization/name`): 1 round trip."""
    found = table.get_many([keys.home_repository(home, repository) for home in homes], consistent=False)
    return sum(int(row["tasks"]["N"]) for row in found.values())


def blocks(table: Table, homes: Sequence[str]) -> list[tuple[str, int]]:
    """Return how many tasks each block of time has in all the homes, newest first: 1 query per home, in parallel."""
    found = _read(table, homes, keys.BLOCK)
    return sorted(found.items(), reverse=True)


def repositories(table: Table, homes: Sequence[str]) -> list[str]:
    """Return the repositories of the homes' tasks in order: 1 query per home, in parallel."""
    return sorted(_read(table, homes, keys.REPOSITORY))


def _read(table: Table, homes: Sequence[str], prefix: str) -> Counter[str]:
    """Return what is counted above zero in all the homes, by the rest of the sort key."""
    found: list[list[Item]] = [[] for _ in homes]

    def read(position: int) -> None:
        for rows in table.pages(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            FilterExpression="tasks > :none",
            ExpressionAttributeValues={":pk": {"S": homes[position]}, ":prefix": {"S": prefix}, ":none": {"N": "0"}},
        ):
            found[position] += rows

    side_by_side([partial(read, position) for position in range(len(homes))])
    counts: Counter[str] = Counter()
    for rows in found:
        counts.update({row["sk"]["S"].removeprefix(prefix): int(row["tasks"]["N"]) for row in rows})
    return counts
