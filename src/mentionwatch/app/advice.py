"""The checklist of one conversation, from what is stored of it."""

from __future__ import annotations

from collections.abc import Sequence

from mentionwatch.app.setting import Setting
from mentionwatch.model.conversation import ThreadEntry
from mentionwatch.model.report import QueueRow


def good_answer(setting: Setting, row: QueueRow, thread: Sequence[ThreadEntry]) -> tuple[str, ...]:
    """Return what a good answer contains here; empty where none is owed."""
    if row.waiting_since is None or row.state not in ("open", "snoozed"):
        return ()
    from mentionwatch.insight.checklist import Case, checklist

    case = Case(
        texts=_unanswered(row, thread),
        intent=row.intent,
        sentiment=row.sentiment,
        private=row.private,
        urgent=row.priority in ("urgent", "high"),
        reasons={reason.rule: reason.quote for reason in row.reasons},
        promised=any(hint.startswith("you promised") for hint in row.hints),
        saved=tuple((one.name, one.text, one.when) for one in setting.config.saved_replies),
    )
    return checklist(case)


def _unanswered(row: QueueRow, thread: Sequence[ThreadEntry]) -> tuple[str, ...]:
    """Return what the customer wrote since the oldest message that waits."""
    since = row.waiting_since
    return tuple(
        entry.text
        for entry in thread
        if entry.role == "customer"
        and since is not None
        and entry.at >= since
        and "deleted" not in entry.marks
    ) or (row.text,)
