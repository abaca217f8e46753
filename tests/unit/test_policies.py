"""Rules of cfn-lint and checkov: a broken one needs a reason, and a reason needs a broken one."""

import tomllib

from local import policies

BROKEN, WAIVED = {"CKV_1", "CKV_2"}, {"CKV_1": "a reason that is long enough", "CKV_3": "a reason that is long enough"}


def test_what_is_broken_and_not_waived_is_told_and_so_is_a_waiver_that_nothing_needs() -> None:
    assert policies.verdict("checkov", BROKEN, {"CKV_2": "Encrypt it (Table)"}, WAIVED) == [
        "checkov CKV_2: Encrypt it (Table)",
        "checkov CKV_3: is waived, and kept; take the waiver away",
    ]


def test_a_waiver_without_a_reason_is_none() -> None:
    assert policies.verdict("checkov", {"CKV_1"}, {}, {"CKV_1": "later"}) == ["checkov CKV_1: waived without a reason"]


def test_waivers_are_written_for_both_tools() -> None:
    assert tomllib.loads(policies.WAIVERS.read_text()).keys() == {"cfn-lint", "checkov"}
