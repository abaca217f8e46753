"""How a table's stream reaches its functions: in order, with partial failures, bisection and a dead-letter queue.

It replaces MiniStack's poller, which takes a batch with reported item failures for a success (the failed records
are lost), retries a failing batch for ever, never bisects it, and forgets unread records in a restart.
"""

import logging
import threading
import time

from ministack.core.arn import parse_arn
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, lambda_svc

logger = logging.getLogger("switchyard.streams")

# The pauses before the next try of a failed batch; the last one is repeated.
PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)

_readers: dict[str, "Reader"] = {}
# Held while a stream's records and the position of their first one must fit together.
trimming = threading.Lock()
# Set by whoever knows which records are no longer needed; the poller alone forgets them, so that no reader skips any.
passed: dict[tuple[str, str, str], int] = {}


def install() -> None:
    """Put this poller in the place of MiniStack's."""
    lambda_svc._poll_dynamodb_streams = poll


def positions() -> dict[tuple[str, str], int]:
    """Where each mapping is, by scope and id as the journal names them."""
    known = lambda_svc._dynamodb_stream_positions.all_items()
    return {(f"{account}\n{region}\n", uuid): reached for (account, region, uuid), reached in known}


def read_by_all(reached: dict[tuple[str, str], int]) -> dict[tuple[str, str, str], int]:
    """By account, region and table: the first position that some mapping has still to read.

    A stream that nobody reads yet is kept from its beginning, for the first mapping to come.
    """
    found = {}
    for (account, region, table), _ in dynamodb._stream_records.all_items():
        start = dynamodb._trimmed_count(table, account, region)
        read = [
            reached.get((f"{account}\n{region}\n", esm["UUID"]), start)
            for (esm_account, esm_region, _), esm in lambda_svc._esms.all_items()
            if (esm_account, esm_region) == (account, region) and table_of(esm) == table
        ]
        found[account, region, table] = max(start, min(read, default=start))
    return found


def unread() -> int:
    """How many stream records some mapping has not read yet; those of streams without any do not count."""
    reached, mapped = positions(), {table_of(esm) for _, esm in lambda_svc._esms.all_items()}
    return sum(
        dynamodb.stream_end_position(table, account_id=account, region=region) - position
        for (account, region, table), position in read_by_all(reached).items()
        if table in mapped
    )


def trim(first: dict[tuple[str, str, str], int]) -> None:
    """Forget the records before these positions, which AWS would keep for a day."""
    with trimming:
        for (account, region, table), position in first.items():
            start = dynamodb._trimmed_count(table, account, region)
            if position > start:
                del dynamodb._stream_records.get_scoped(account, region, table)[: position - start]
                dynamodb._stream_trimmed.set_scoped(account, region, table, position)


def table_of(esm: dict) -> str | None:
    """The table behind a mapping, if it is one of a table's stream."""
    source = esm.get("EventSourceArn", "")
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(parse_arn(source)) if ":dynamodb:" in source else None
    return found[0] if found else None


def poll() -> bool:
    """Give each idle mapping its next batch; called by MiniStack whenever there may be something to do."""
    started = False
    trim(passed.copy())
    passed.clear()
    for (account, region, _), esm in lambda_svc._esms.all_items():
        table = table_of(esm)
        if table is None or not esm.get("Enabled", True):
            continue
        reader = _readers.setdefault(esm["UUID"], Reader(account, region, table))
        reader.esm = esm
        started = reader.start() or started
    return started


class Reader:
    """Where one mapping is in its stream. At most one batch is under way, so that records stay in order."""

    def __init__(self, account: str, region: str, table: str) -> None:
        self.scope = (account, region)
        self.table = table
        self.esm: dict = {}
        self.busy = False
        self.not_before = 0.0
        # A failing batch: how often it was tried, and how many records are tried at once to find the culprit.
        self.tries = 0
        self.size: int | None = None
        self.whole_until = 0

    def start(self) -> bool:
        """Run the next batch in the background, if there is one and it is time."""
        if self.busy or time.monotonic() < self.not_before:
            return False
        account, region = self.scope
        positions = lambda_svc._dynamodb_stream_positions
        beginning = dynamodb.stream_start_position(self.table, account_id=account, region=region)
        position = max(beginning, positions.get_scoped(account, region, self.esm["UUID"], beginning))
        limit = self.size or int(self.esm.get("BatchSize", 100))
        batch = dynamodb.stream_records_since(self.table, position, limit, account_id=account, region=region)
        if not batch:
            return False
        self.busy = True
        threading.Thread(target=self._run, args=(position, batch), daemon=True).start()
        return True

    def _run(self, position: int, batch: list[dict]) -> None:
        account, region = self.scope
        _request_account_id.set(account)
        _request_region.set(region)
        try:
            reached = self._deliver(position, batch)
            lambda_svc._dynamodb_stream_positions.set_scoped(account, region, self.esm["UUID"], reached)
        finally:
            self.busy = False
            lambda_svc._esm_wake.set()
            if self.not_before > time.monotonic():
                timer = threading.Timer(self.not_before - time.monotonic(), lambda_svc._esm_wake.set)
                timer.daemon = True
                timer.start()

    def _deliver(self, position: int, batch: list[dict]) -> int:
        """Invoke the function with a batch; the position to continue from."""
        wanted = lambda_svc._apply_filter_criteria(batch, self.esm)
        if not wanted:
            return position + len(batch)
        function, config = lambda_svc._get_func_record_for_qualifier(
            self.esm["FunctionName"], self.esm.get("Qualifier")
        )
        if function is None:
            self._pause()
            return position
        record = lambda_svc._execution_record_for_config(function, config)
        result = lambda_svc._execute_function(record, {"Records": wanted})
        done = self._done(batch, wanted, result)
        if done == len(batch):
            self._succeeded(position + done)
            self.esm["LastProcessingResult"] = "OK"
            return position + done
        self.esm["LastProcessingResult"] = "PROBLEM: Function call failed"
        if done:
            # What came before the first failed record is through; the rest starts again.
            self.tries = 0
        return self._failed(position + done, batch[done:], function, result)

    def _done(self, batch: list[dict], wanted: list[dict], result: dict) -> int:
        """How many records at the head of the batch need not be sent again."""
        if result.get("error"):
            return 0
        if "ReportBatchItemFailures" not in self.esm.get("FunctionResponseTypes", []):
            return len(batch)
        body = result.get("body") or {}
        failures = [each.get("itemIdentifier") for each in body.get("batchItemFailures") or []]
        if not failures:
            return len(batch)
        numbers = [each["dynamodb"]["SequenceNumber"] for each in batch]
        known = {each["dynamodb"]["SequenceNumber"] for each in wanted}
        # An identifier that is not in the batch means that all of it failed.
        return min((numbers.index(each) if each in known else 0) for each in failures)

    def _succeeded(self, reached: int) -> None:
        self.tries = 0
        self.not_before = 0.0
        if reached >= self.whole_until:
            self.size = None

    def _failed(self, position: int, rest: list[dict], function: dict, result: dict) -> int:
        """Decide what becomes of the records from `position` on: try again, in halves, or give up on them."""
        if self.esm.get("BisectBatchOnFunctionError") and len(rest) > 1:
            self.whole_until = max(self.whole_until, position + len(rest))
            self.size = len(rest) // 2
            return position
        limit = self.esm.get("MaximumRetryAttempts", -1)
        if limit is not None and 0 <= limit <= self.tries:
            logger.warning("%s: gave up on %d records after %d tries", self.table, len(rest), self.tries + 1)
            source = self.esm["EventSourceArn"]
            lambda_svc._send_ddb_stream_failure_record(
                self.esm, function, rest, source, result, "RetryAttemptsExhausted"
            )
            self._succeeded(position + len(rest))
            return position + len(rest)
        self.tries += 1
        self._pause()
        return position

    def _pause(self) -> None:
        self.not_before = time.monotonic() + PAUSES[min(self.tries, len(PAUSES)) - 1]
