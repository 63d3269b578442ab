"""What is shown of one conversation: its history."""

from datetime import datetime
from typing import NamedTuple

from mentionwatch.model.report import QueueRow


class ThreadEntry(NamedTuple):
    """
    One line of a conversation's history, in order of time.

    ``role``: customer, us, own_post or action (something that we did here). ``marks``: edited,
    deleted, automatic, likely, holding, date guessed, private.
    """

    role: str
    at: datetime
    author: str
    text: str
    url: str = ""
    kind: str = ""
    channel: str = ""
    marks: tuple[str, ...] = ()
    earlier_texts: tuple[str, ...] = ()


class ClockRow(NamedTuple):
    """
    One reply time: from the message that waited to our reply.

    ``kind``: first, next or follow_up. ``result``: met, breached, or open while nobody replied.
    ``open_seconds`` counts business hours, ``calendar_seconds`` all.
    """

    kind: str
    since: datetime
    due_at: datetime | None
    replied_at: datetime | None
    result: str
    open_seconds: int | None
    calendar_seconds: int | None
    manual: bool = False


class ConversationReport(NamedTuple):
    """
    Everything about one conversation, for ``show`` and triage.

    ``timezone`` is the IANA name in which times are shown, ``generated_at`` the time of reading;
    without it, times are shown with their full date.
    """

    row: QueueRow
    thread: tuple[ThreadEntry, ...]
    clocks: tuple[ClockRow, ...]
    earlier: tuple[QueueRow, ...] = ()
    aliases: tuple[int, ...] = ()
    checklist: tuple[str, ...] = ()
    generated_at: datetime | None = None
    timezone: str = "UTC"
    brand: str = ""
