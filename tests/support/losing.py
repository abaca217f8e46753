"""A client of the table that loses answers: the write went through, and whoever sent it hears nothing."""

from typing import Any

from switchyard.aws.errors import Unreachable

WRITES = frozenset({"put_item", "update_item", "delete_item", "transact_write_items"})


class Losing:
    """Loses the answer of one write, by number (1 is the first; 0 loses none).

    A transaction that comes again under its ClientRequestToken succeeds and writes nothing, as on DynamoDB; the
    simulator has no such tokens.
    """

    def __init__(self, client: Any, at: int = 0) -> None:
        self.client, self.at = client, at
        self.writes = 0
        self._tokens: set[str] = set()

    def __getattr__(self, operation: str) -> Any:
        if operation not in WRITES:
            return getattr(self.client, operation)

        def call(**params: Any) -> Any:
            token = params.get("ClientRequestToken")
            if token in self._tokens:
                return {}
            answer = getattr(self.client, operation)(**params)
            self._tokens |= {token} if token else set()
            self.writes += 1
            if self.writes == self.at:
                raise Unreachable("the answer was lost")
            return answer

        return call
