"""The service's own imports, as the command uses them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from switchyard_client.cli.session import Session, part

#: Seconds that a file may take, up or down.
_TRANSFER_SECONDS = 3_600


@dataclass(slots=True)
class Imports:
    """Imports of the session's workspace."""

    session: Session

    def create(self, scope: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = self.session.post("/v1/imports", {"scope": scope})
        return made

    def upload(self, form: dict[str, Any], file: Path) -> None:
        self.session.client.upload(form, file, "application/x-ndjson", self._deadline())

    def start(self, import_id: str) -> None:
        self.session.post(f"/v1/imports/{part(import_id)}/start")

    def show(self, import_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.session.get(f"/v1/imports/{part(import_id)}")
        return shown

    def cancel(self, import_id: str) -> None:
        self.session.post(f"/v1/imports/{part(import_id)}/cancel")

    def results(self, address: dict[str, Any], target: Path) -> None:
        self.session.client.fetch(address["url"], target, self._deadline())

    @staticmethod
    def _deadline() -> Any:
        from time import monotonic

        from switchyard_client.retries import Deadline

        return Deadline(monotonic() + _TRANSFER_SECONDS)
