"""External ids of tracks: found, given once, and unique in the tenant whoever sees the track."""

from collections.abc import Iterable

from switchyard.domain.errors import ExternalIdTaken
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import Unit
from switchyard.store import external_ids, keys
from switchyard.store import tracks as rows


def row_keys(unit: Unit, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the keys of the rows of external ids, so that they are read with others."""
    return [external_ids.row_key(unit.actor.tenant_id, each) for each in names]


def find(unit: Unit, names: Iterable[str]) -> dict[str, Track]:
    """Return the visible tracks by these external ids: 2 round trips, 1 less for rows that were prefetched."""
    wanted = list(dict.fromkeys(names))
    unit.prefetch((), rows=row_keys(unit, wanted))
    ids = {each: external_ids.track_id(unit.row(key)) for each, key in zip(wanted, row_keys(unit, wanted), strict=True)}
    tracks = unit.find([each for each in ids.values() if each])
    return {name: tracks[track_id] for name, track_id in ids.items() if track_id in tracks}


def give(unit: Unit, track: Track, name: str) -> None:
    """Gather that a track gets an external id: 1 to 2 round trips. Raises ExternalIdTaken."""
    tenant = unit.actor.tenant_id
    holder = external_ids.track_id(unit.row(external_ids.row_key(tenant, name)))
    if holder == track.id:
        return
    # Also one that the caller does not see: the id is the tenant's.
    if holder and rows.is_live(unit.row(keys.track(tenant, holder))):
        raise ExternalIdTaken(name)
    unit.write(external_ids.claim(tenant, name, track.id, holder))
