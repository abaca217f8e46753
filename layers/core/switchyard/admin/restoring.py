"""The table as it was at some second, beside the one in use: restored, set up like it, and compared with it.

Each step is done once and found done the next time, so that the command goes on where it was broken off. What it leaves
is a table that the stack can work on: docs/restoring.md.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from switchyard.admin.whole import kind_of
from switchyard.aws.errors import ApiError
from switchyard.domain import clock
from switchyard.domain.errors import Busy, Conflict, FieldError, Invalid
from switchyard.http.validation import checked
from switchyard.store.packing import unpack
from switchyard.store.table import Item, Table

_PAUSE_SECONDS = 5.0
#: Seconds for one change of a table's settings to take hold.
_CHANGE_SECONDS = 600
#: Seconds after which every change shows.
_SHOWN_SECONDS = 60
#: Milliseconds for one page of a table, and for one look at samples.
_PAGE_MILLISECONDS = 60_000
_EXAMPLES = 5
#: Days for which a table can be restored, unless its settings say fewer.
#: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html
_RECOVERY_DAYS = 35

Shape = dict[str, Any]


class Restore:
    """One restored table beside the one in use. `client` is botocore's, by switchyard.aws.clients.make_client.

    Raises Conflict for a table of that name that is none of these, Invalid for a time that has no backup, Busy when the
    restored table is not ready in time.
    """

    def __init__(self, live: Table, name: str, client: Any) -> None:
        self.live, self.client = live, client
        self.restored = Table(name, live.client)
        self.live_arn: str = self._table(live.name)["TableArn"]

    def walk(self, at: str | None, samples: int, seconds: float) -> dict[str, Any]:
        """Do all steps; returns what was found and done. `at` is an ISO 8601 time, None for the latest there is."""
        self.begin(at)
        self.wait(time.monotonic() + seconds)
        done = self.set_up()
        table = self._table(self.restored.name)
        counts, compared = self.compare(samples)
        return {
            "table": self.restored.name,
            "asOf": clock.stamp(_seconds(table["RestoreSummary"]["RestoreDateTime"])),
            "setUp": done,
            "differences": self.differences(),
            "rows": counts,
            "samples": compared,
            "stream": table["LatestStreamArn"],
        }

    def begin(self, at: str | None) -> None:
        """Ask for the restore, unless it was asked for before."""
        found = self._find()
        if found is None:
            when: dict[str, Any] = {"UseLatestRestorableTime": True}
            if at is not None:
                when = {"RestoreDateTime": self._within_backups(checked("at", clock.to_datetime, at))}
            self.client.restore_table_to_point_in_time(
                SourceTableName=self.live.name, TargetTableName=self.restored.name, **when
            )
        elif found.get("RestoreSummary", {}).get("SourceTableArn") != self.live_arn:
            raise Conflict(f"There is a table {self.restored.name}, which was not restored from {self.live.name}.")

    def _within_backups(self, moment: datetime) -> datetime:
        backups = self._backups(self.live.name)
        if backups["PointInTimeRecoveryStatus"] != "ENABLED":
            raise Conflict(f"The table {self.live.name} has no point-in-time recovery.")
        first, last = (_seconds(backups[f"{name}RestorableDateTime"]) for name in ("Earliest", "Latest"))
        if not first <= moment.timestamp() <= last:
            raise Invalid(
                FieldError("at", "is outside of the backups", f"{clock.stamp(first)} to {clock.stamp(last)}", "range")
            )
        return moment

    def wait(self, until: float) -> None:
        """Wait until the restored table and its indexes can be used."""
        while not _is_ready(found := self._table(self.restored.name)):
            if time.monotonic() > until:
                raise Busy(f"The table {self.restored.name} is still {found['TableStatus']}: the same command goes on.")
            time.sleep(_PAUSE_SECONDS)

    # ------------------------------------------------------------ what a restore leaves out
    def set_up(self) -> dict[str, str]:
        """Set what a restore leaves out as the table in use has it; returns each with `set` or `as in use`.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
        """
        wanted, found, told = self.shape(self.live.name), self.shape(self.restored.name), {}
        for name, change in self._settings().items():
            told[name] = "as in use"
            if wanted[name] and found[name] != wanted[name]:
                change(wanted[name])
                # A table takes one change at a time.
                self.wait(time.monotonic() + _CHANGE_SECONDS)
                told[name] = "set"
        return told

    def _settings(self) -> dict[str, Callable[[Any], Any]]:
        name, arn, client = self.restored.name, self._table(self.restored.name)["TableArn"], self.client
        return {
            "stream": lambda view: client.update_table(
                TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": view}
            ),
            "timeToLive": lambda attribute: client.update_time_to_live(
                TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
            ),
            "policy": lambda policy: client.put_resource_policy(
                ResourceArn=arn, Policy=json.dumps(policy).replace("${Table}", arn)
            ),
            "backups": lambda days: client.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days},
            ),
            "protection": lambda on: client.update_table(TableName=name, DeletionProtectionEnabled=on),
            "tags": lambda tags: client.tag_resource(
                ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
            ),
        }

    def shape(self, name: str) -> Shape:
        """Return what must be the same of both tables, by the names that operators see."""
        table = self._table(name)
        expiry = self.client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = self._backups(name)
        stream = table.get("StreamSpecification", {})
        tags = self.client.list_tags_of_resource(ResourceArn=table["TableArn"]).get("Tags", ())
        return {
            "keys": _sorted(table["KeySchema"]),
            "indexes": {each["IndexName"]: _index(each) for each in table.get("GlobalSecondaryIndexes", ())},
            "encryption": table.get("SSEDescription", {}).get("SSEType"),
            "stream": stream.get("StreamViewType") if stream.get("StreamEnabled") else None,
            "timeToLive": expiry.get("AttributeName")
            if expiry["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
            else None,
            "policy": self._policy(table["TableArn"]),
            "backups": backups.get("RecoveryPeriodInDays", _RECOVERY_DAYS)
            if backups["PointInTimeRecoveryStatus"] == "ENABLED"
            else None,
            "protection": table.get("DeletionProtectionEnabled", False),
            # Those of AWS itself, such as CloudFormation's, cannot be set.
            "tags": {each["Key"]: each["Value"] for each in tags if not each["Key"].startswith("aws:")},
        }

    def _backups(self, name: str) -> Mapping[str, Any]:
        answer = self.client.describe_continuous_backups(TableName=name)
        found: Mapping[str, Any] = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return found

    def _policy(self, arn: str) -> Any:
        try:
            return json.loads(self.client.get_resource_policy(ResourceArn=arn)["Policy"].replace(arn, "${Table}"))
        except ApiError as error:
            if error.code != "PolicyNotFoundException":
                raise
            return None

    # ------------------------------------------------------------ comparing
    def differences(self) -> list[str]:
        """Return in what the restored table is not like the one in use; none when it may take its place.

        A policy shows some seconds after it was put.
        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
        """
        ours, until = self.shape(self.live.name), time.monotonic() + _SHOWN_SECONDS
        while True:
            theirs = self.shape(self.restored.name)
            found = [name for name, value in ours.items() if theirs[name] != value]
            if not found or time.monotonic() > until:
                return found
            time.sleep(_PAUSE_SECONDS)

    def compare(self, samples: int) -> tuple[dict[str, list[int]], dict[str, Any]]:
        """Count the rows of both by kind, restored and in use, and compare some at random.

        Reads both tables whole: 0.5 read units for each 4 KB of each.
        """
        restored, picked = Counter[str](), list[Item]()
        for number, row in enumerate(_rows(self.restored)):
            restored[kind_of(row)] += 1
            if number < samples:
                picked.append(row)
            elif (place := random.randrange(number + 1)) < samples:  # noqa: S311 - a sample, not a secret
                picked[place] = row
        live = Counter(kind_of(row) for row in _rows(self.live))
        counts = {kind: [restored[kind], live[kind]] for kind in sorted(restored.keys() | live.keys())}
        return counts, self._sampled(picked)

    def _sampled(self, picked: list[Item]) -> dict[str, Any]:
        self.live.give(_PAGE_MILLISECONDS)
        now = self.live.get_many([(row["pk"]["S"], row["sk"]["S"]) for row in picked])
        found: dict[str, list[str]] = {"same": [], "changedSince": [], "goneSince": []}
        for row in picked:
            key = row["pk"]["S"], row["sk"]["S"]
            fate = "goneSince" if key not in now else "same" if unpack(now[key]) == unpack(row) else "changedSince"
            found[fate].append(" ".join(key))
        examples = (found["changedSince"] + found["goneSince"])[:_EXAMPLES]
        return {**{fate: len(keys) for fate, keys in found.items()}, "examples": examples}

    # ------------------------------------------------------------ looking
    def _find(self) -> Mapping[str, Any] | None:
        try:
            return self._table(self.restored.name)
        except ApiError as error:
            if error.code != "ResourceNotFoundException":
                raise
            return None

    def _table(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client.describe_table(TableName=name)["Table"]
        return found


def _is_ready(table: Mapping[str, Any]) -> bool:
    parts = [table["TableStatus"], *(each["IndexStatus"] for each in table.get("GlobalSecondaryIndexes", ()))]
    return set(parts) == {"ACTIVE"} and not table.get("RestoreSummary", {}).get("RestoreInProgress")


def _rows(table: Table) -> Iterator[Item]:
    more: dict[str, Any] = {}
    while True:
        table.give(_PAGE_MILLISECONDS)
        answer = table.call("scan", TableName=table.name, **more)
        yield from answer["Items"]
        if not answer.get("LastEvaluatedKey"):
            return
        more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _index(index: Mapping[str, Any]) -> list[Any]:
    projection = index["Projection"]
    return [index["KeySchema"], projection["ProjectionType"], sorted(projection.get("NonKeyAttributes", ()))]


def _sorted(keys: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(keys, key=lambda each: each["KeyType"])


def _seconds(value: Any) -> float:
    return value.timestamp() if isinstance(value, datetime) else float(value)
