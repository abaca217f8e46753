"""How many devices a person has, and for how long one of them counts as showing a task."""

from switchyard.domain import clock, devices
from switchyard.domain.devices import DEVICES_MAX, Device, Presence
from tests.support.entities import AT, LATER, an_id

NOW = "2026-06-05T10:00:00.000Z"


def device(number: int, seen: str = AT) -> Device:
    return Device(
        tenant_id="acme",
        user_id="user_ada",
        id=an_id(number),
        token=f"token-{number}",
        platform="ios",
        created_at=AT,
        last_seen_at=seen,
    )


def test_a_further_device_takes_the_place_of_the_one_seen_longest_ago_when_there_is_no_room() -> None:
    known = [device(number, LATER) for number in range(DEVICES_MAX - 1)]
    assert devices.evicted(known) == []
    oldest = device(99, AT)
    assert devices.evicted([*known, oldest]) == [oldest]


def test_a_sign_of_presence_counts_until_its_end_and_not_from_before_the_device_was_registered() -> None:
    now = clock.milliseconds(NOW) / 1000

    def watches(expires_at: float, seen: str = AT) -> bool:
        presence = Presence(
            tenant_id="acme",
            task_id=an_id(1),
            user_id="user_ada",
            device_id=an_id(2),
            last_seen_at=seen,
            expires_at=int(expires_at),
        )
        return devices.is_watching(presence, device(2), now)

    assert watches(now + 1)
    assert not watches(now)
    assert not watches(now + 1, "2026-06-05T09:30:00.122Z")
