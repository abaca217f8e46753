"""A tenant goes out of a stack and into another one whole, and is deleted for good."""

import json
from pathlib import Path
from typing import Any

import pytest

from switchyard.admin import moving
from switchyard.admin.whole import Whole
from switchyard.aws.objects import ObjectStore
from switchyard.domain.errors import Conflict, Invalid
from switchyard.domain.ids import new_id
from switchyard.http.container import use_table
from switchyard.store.table import Table
from tests.api.conftest import empty_table
from tests.support.http import Api
from tests.support.projects import a_run, a_task, a_tenant
from tests.support.stream import Stream


@pytest.fixture
def s3(bucket: ObjectStore) -> Any:
    return bucket.client


def fill(api: Api, table: Table, tenant: str, s3: Any) -> None:
    """Make rows of several kinds, audit entries among them, and a file."""
    (project,) = a_tenant(table, tenant, "Docs")
    a_run(table, a_task(table, project, "É"))
    assert api.post("/v1/tracks", {"type": "task", "title": "Mine", "scope": {"type": "personal"}}).status == 201
    stream = Stream(table, tenant)
    stream.settle()
    s3.put_object(Bucket="switchyard-artifacts", Key=f"{moving.prefix(tenant)}task_1/run_2/a.txt", Body=b"a file")


def all_rows(table: Table, tenant: str) -> dict[tuple[str, str], Any]:
    """Return all rows of a tenant, its tokens among them."""
    pages = Whole(table, tenant, must_exist=False).pages()
    return {(row["pk"]["S"], row["sk"]["S"]): row for rows, _ in pages for row in rows}


def others(rows: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    return {key: row for key, row in rows.items() if not key[0].startswith("AUDIT#")}


def test_an_export_read_into_another_table_is_the_tenant(
    api: Api, table: Table, tenant: str, s3: Any, tmp_path: Path
) -> None:
    fill(api, table, tenant, s3)
    state = moving.write(Whole(table, tenant), s3, "switchyard-artifacts", str(tmp_path))
    assert (state["done"], state["files"], state["rows"]["TRACK"], state["rows"]["AUDIT"] > 0) == (True, 1, 2, True)
    s3.delete_object(Bucket="switchyard-artifacts", Key=f"{moving.prefix(tenant)}task_1/run_2/a.txt")
    with empty_table(table.client) as fresh:
        told = moving.read(Whole(fresh, tenant, must_exist=False), s3, "switchyard-artifacts", str(tmp_path))
        assert told["files"] == 1
        moved = all_rows(fresh, tenant)
        assert moved == others(all_rows(table, tenant))
        assert told["written"] == len(moved)
        again = moving.read(Whole(fresh, tenant, must_exist=False), s3, "switchyard-artifacts", str(tmp_path))
        assert (again, all_rows(fresh, tenant)) == (told, moved)
    use_table(table)


def test_an_export_that_was_broken_off_goes_on_and_has_each_row_once(
    api: Api, table: Table, tenant: str, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(api, table, tenant, s3)
    monkeypatch.setattr("switchyard.admin.whole.PAGE", 3)
    pages = Whole.pages

    def broken(self: Whole, start: Any = None) -> Any:
        for number, page in enumerate(pages(self, start)):
            if number == 2:
                raise KeyboardInterrupt
            yield page

    with monkeypatch.context() as patch:
        patch.setattr(Whole, "pages", broken)
        with pytest.raises(KeyboardInterrupt):
            moving.write(Whole(table, tenant), s3, "switchyard-artifacts", str(tmp_path))
    with (tmp_path / "rows.jsonl").open("a") as file:
        file.write('{"half a')
    moving.write(Whole(table, tenant), s3, "switchyard-artifacts", str(tmp_path))
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert {(row["pk"]["S"], row["sk"]["S"]): row for row in rows} == all_rows(table, tenant)
    assert len(rows) == len(all_rows(table, tenant))


def test_an_export_that_is_not_whole_or_was_changed_is_not_read(
    api: Api, table: Table, tenant: str, s3: Any, tmp_path: Path
) -> None:
    fill(api, table, tenant, s3)
    moving.write(Whole(table, tenant), s3, "switchyard-artifacts", str(tmp_path))
    with (tmp_path / "rows.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(Conflict, match="digest"):
        moving.read(Whole(table, tenant), s3, "switchyard-artifacts", str(tmp_path))
    with pytest.raises(Invalid, match="folder"):
        moving.Export(str(tmp_path), new_id())


def test_a_deleted_tenant_leaves_its_audit_trail_alone(api: Api, table: Table, tenant: str, s3: Any) -> None:
    fill(api, table, tenant, s3)
    other = new_id()
    a_tenant(table, other, "Other")
    told = moving.delete(Whole(table, tenant), s3, "switchyard-artifacts")
    assert told["left"].keys() == {"AUDIT"}
    assert told["file versions deleted"] == 1
    assert others(all_rows(table, tenant)) == {}
    assert moving.listed(s3, "switchyard-artifacts", moving.prefix(tenant)) == []
    assert Whole(table, other).counts()["PROJECT"] == 1
    with pytest.raises(Conflict):
        moving.require_confirmation("yes", tenant)
