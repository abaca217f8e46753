"""Keys of schedules and of what they began: see keys.py."""

SCHEDULE, OCCURRENCE = "SCHEDULE#", "OCCURRENCE#"


def schedule(tenant_id: str, schedule_id: str) -> tuple[str, str]:
    return f"{tenant_id}#SCHEDULES", f"{SCHEDULE}{schedule_id}"


def schedules(tenant_id: str) -> tuple[str, str]:
    """The partition of a tenant's schedules, and what their sort keys begin with."""
    return f"{tenant_id}#SCHEDULES", SCHEDULE


def occurrence(tenant_id: str, schedule_id: str, at: str) -> tuple[str, str]:
    """What became of a schedule at an instant: there is one row, whoever writes it first."""
    return f"{tenant_id}#SCHEDULE#{schedule_id}", f"{OCCURRENCE}{at}"


def occurrences(tenant_id: str, schedule_id: str) -> tuple[str, str]:
    """The partition of a schedule's occurrences, and what their sort keys begin with."""
    return f"{tenant_id}#SCHEDULE#{schedule_id}", OCCURRENCE
