"""Restores as DynamoDB makes them. MiniStack's copies the rows of now: whichever time is asked for, here too.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""

import time

from ministack.core.responses import error_response_json
from ministack.services import dynamodb

_restore, _describe = dynamodb._restore_table_to_point_in_time, dynamodb._table_description


def install() -> None:
    """Have a restored table name the one it comes from, and one without backups not be restored."""
    dynamodb._restore_table_to_point_in_time = restore
    dynamodb._table_description = describe


def restore(data: dict) -> tuple:
    """Restore a table."""
    source = dynamodb._tables.get(data.get("SourceTableName", ""))
    if source is not None and not dynamodb._pitr_settings.get(data["SourceTableName"]):
        word = f"Point in time recovery is not enabled for table '{data['SourceTableName']}'"
        return error_response_json("PointInTimeRecoveryUnavailableException", word, 400)
    answer = _restore(data)
    if answer[0] == 200:
        dynamodb._tables[data["TargetTableName"]]["RestoreSummary"] = {
            "SourceTableArn": source["TableArn"],
            "RestoreDateTime": int(data.get("RestoreDateTime") or time.time()),
            "RestoreInProgress": False,
        }
    return answer


def describe(name: str) -> dict:
    """Describe a table, with where it was restored from."""
    found = _describe(name)
    summary = dynamodb._tables[name].get("RestoreSummary")
    return {**found, "RestoreSummary": summary} if summary else found
