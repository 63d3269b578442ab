"""The words that every format shares: how late, since when, who, why. Plain text, no layout."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from mentionwatch.model.text import one_line

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from mentionwatch.model.conversation import ClockRow, ConversationReport, ThreadEntry
    from mentionwatch.model.items import Author
    from mentionwatch.model.report import QueueReport, QueueRow
    from mentionwatch.model.score import Reason

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST_REASONS = 4
HIDDEN_TEXT = "(private message, text not shown here)"

# Reasons that say why something is urgent come first; feelings only where room is left.
_KINDS_OF_REASON = ("urgency", "intent", "sentiment")
# What is true of nearly every row tells nothing about this one.
_BACKGROUND = frozenset(
    {"urgency.mention", "urgency.addressed", "urgency.private", "urgency.limit"}
)
# Compiled at the first link, not at start-up.
_WEB = r"(?is)https?://[^\s/?#\\]+(?:[/?#].*)?"
_UNSAFE_IN_URL = (
    "[\x00-\x20\x7f-\xa0\"'<>\\\\^`{|}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
    r"|\s"
)


class LocalTime:
    """
    Says when something was or will be, as seen from one moment in one zone.

    Args:
        now: Aware; the moment of reading. None: nothing is near, every date is written in full.
        timezone: IANA name.
    """

    def __init__(self, now: datetime | None, timezone: str) -> None:
        self.now = now
        self.timezone = timezone

    @cached_property
    def zone(self) -> ZoneInfo:
        from zoneinfo import ZoneInfo  # 1.5 times an empty start; not needed for JSON

        return ZoneInfo(self.timezone)

    def when(self, at: datetime) -> str:
        """Return "06:00" (today), "Thu 18:10" (within six days), "3 Dec", "3 Dec 2024"."""
        return self._near(at) or self._date(at)

    def exact(self, at: datetime) -> str:
        """Return the same with the time of day, also for days long ago: "3 Dec 2024 09:00"."""
        return self._near(at) or f"{self._date(at)} {at.astimezone(self.zone):%H:%M}"

    def full(self, at: datetime) -> str:
        """Return "Sat 21 Nov 2026 07:02"."""
        local = at.astimezone(self.zone)
        day, month = DAYS[local.weekday()], MONTHS[local.month - 1]
        return f"{day} {local.day} {month} {local.year} {local:%H:%M}"

    def is_today(self, at: datetime) -> bool:
        return self.now is not None and self._days_off(at) == 0

    def _near(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        if self.is_today(at):
            return f"{local:%H:%M}"
        # A week off, a weekday names two dates.
        near = self.now is not None and self._days_off(at) <= 6
        return f"{DAYS[local.weekday()]} {local:%H:%M}" if near else ""

    def _date(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        date = f"{local.day} {MONTHS[local.month - 1]}"
        this_year = self.now is not None and self.now.astimezone(self.zone).year == local.year
        return date if this_year else f"{date} {local.year}"

    def _days_off(self, at: datetime) -> int:
        now = at if self.now is None else self.now
        return abs((at.astimezone(self.zone).date() - now.astimezone(self.zone).date()).days)


def span(seconds: float) -> str:
    """
    Return a length of time in minutes or hours: "1 min", "45 min", "5 h".

    Never in days: the lengths are mostly open time, of which a day has eight hours or nine.
    """
    minutes = max(1, int(seconds // 60))
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h"


def late(seconds: int) -> str:
    """Return "5 h late" for open seconds past the due time."""
    return f"{span(seconds)} late"


def due_words(row: QueueRow, local: LocalTime) -> str:
    """Return how a row stands: "5 h late", "in 12 min", "by Mon 09:30", "snoozed until 14:00"."""
    if row.overdue:
        return late(row.overdue_seconds)
    if row.state == "snoozed" and row.snoozed_until is not None:
        return f"until {local.when(row.snoozed_until)}"
    if row.state != "open":
        return row.state
    if row.due_at is None:
        return "no target"
    if local.now is not None:
        ahead = (row.due_at - local.now).total_seconds()
        if 0 <= ahead < timedelta(minutes=90).total_seconds():
            return f"in {span(ahead)}"
    return f"by {local.when(row.due_at)}"


def stars(rating: float | None, rating_max: float = 5.0) -> str:
    """Return "★★☆☆☆" for two of five, "3.5 of 5 stars", "7 of 10"; "" without a rating."""
    if rating is None or not 0 <= rating <= rating_max:
        return ""
    if rating_max != 5:
        return f"{rating:g} of {rating_max:g}"
    if rating != int(rating):
        return f"{rating:g} of 5 stars"
    return "★" * int(rating) + "☆" * (5 - int(rating))


def count(number: int, one: str, many: str = "") -> str:
    """Return "1 message", "3 messages"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def author_name(author: Author) -> str:
    return one_line(author.name) or one_line(author.handle) or "somebody"


def author_in_full(author: Author) -> str:
    """Return "Dana Reyes (@dana)"; display names can be anything, the handle is what counts."""
    name, handle = one_line(author.name), one_line(author.handle)
    return f"{name} ({handle})" if name and handle and name != handle else author_name(author)


def channel_words(row: QueueRow) -> str:
    """Return "mastodon", or "inbox (email)" where the owner's name does not tell the type."""
    name, kind = one_line(row.channel), one_line(row.type)
    told = kind.startswith(name) or name.startswith(kind)
    return name if told else f"{name} ({kind})"


def behind_author(row: QueueRow) -> str:
    """Return what follows the author's name: ", 3 messages, private  ★☆☆☆☆"."""
    messages = f", {count(row.messages, 'message')}" if row.messages > 1 else ""
    rating = stars(row.rating, row.rating_max)
    return messages + (", private" if row.private else "") + (f"  {rating}" if rating else "")


def text_words(row: QueueRow) -> str:
    """Return the newest text, line breaks kept; says what there is where nothing was written."""
    pictures = count(row.media, "picture or video", "pictures or videos") if row.media > 0 else ""
    if not row.text.strip():
        return f"(no text, {pictures})" if pictures else "(no text)"
    return f"{row.text.strip()} (with {pictures})" if pictures else row.text.strip()


def title_words(row: QueueRow) -> str:
    """Return the title unless the text repeats it."""
    title = one_line(row.title)
    return "" if one_line(row.text).startswith(title) else title


def reason_words(reasons: Iterable[Reason], most: int = MOST_REASONS) -> list[str]:
    """Return why, in words, the weightiest first; each thing once."""
    told = [reason for reason in _urgent(reasons) if reason.why and reason.rule not in _BACKGROUND]
    return list(dict.fromkeys(one_line(reason.why) for reason in told))[:most]


def reason_lines(reasons: Iterable[Reason]) -> list[str]:
    """Return each reason: "+25  third message: “still no reply” (urgency.repeat_contact)"."""
    return [_reason_line(reason) for reason in _urgent(reasons)]


def _urgent(reasons: Iterable[Reason]) -> list[Reason]:
    """Return what makes it urgent or not, the weightiest first; ``explain`` tells the rest."""
    told = [reason for reason in reasons if _kind(reason) == 0]
    return sorted(told, key=lambda reason: (reason.rule.endswith(".limit"), -abs(reason.points)))


def _reason_line(reason: Reason) -> str:
    quote = f": “{one_line(reason.quote)}”" if reason.quote else ""
    why = one_line(reason.why) or "no words given"
    return f"{reason.points:+4d}  {why}{quote} ({one_line(reason.rule)})"


def _kind(reason: Reason) -> int:
    kind = reason.rule.partition(".")[0]
    return _KINDS_OF_REASON.index(kind) if kind in _KINDS_OF_REASON else 0


def facts(row: QueueRow) -> list[str]:
    """Return what else the owner should know of a row, each a few words."""
    found = []
    if row.own_posts_since:
        times = "once" if row.own_posts_since == 1 else f"{row.own_posts_since} times"
        found.append(f"you posted {times} since")
    found += [one_line(hint) for hint in row.hints]
    if row.also_on:
        found.append("also on " + listed(row.also_on))
    if row.assignee:
        found.append(f"assigned to {one_line(row.assignee)}")
    elif row.on_duty:
        found.append("on duty: " + listed(row.on_duty))
    if row.labels:
        found.append("labels: " + ", ".join(map(one_line, row.labels)))
    if row.state == "ignored" and row.cause:
        found.append(f"ignored: {one_line(row.cause)}")
    return found


def waiting_words(row: QueueRow, local: LocalTime) -> str:
    """Return "waiting since Thu 16:10"; with it, open time and time by the clock can be told."""
    if row.waiting_since is None:
        return f"written {local.when(row.published_at)}"
    return f"waiting since {local.when(row.waiting_since)}"


def clock_words(clock: ClockRow, local: LocalTime) -> str:
    """
    Return one reply time in words.

    "first reply: 14:02, after 2 h of open time, 5 h by the clock: in time, due 15:00"
    """
    kind = {"first": "first reply", "next": "next reply", "follow_up": "follow-up"}
    name = kind.get(clock.kind, clock.kind)
    due = f", due {local.when(clock.due_at)}" if clock.due_at else ""
    if clock.replied_at is None:
        return f"{name}: waiting since {local.when(clock.since)}{due}"
    times = [local.when(clock.replied_at)]
    if clock.open_seconds is not None:
        times.append(f"after {_exact_span(clock.open_seconds)} of open time")
    if clock.calendar_seconds is not None:
        times.append(f"{_exact_span(clock.calendar_seconds)} by the clock")
    result = {"met": "in time", "breached": "too late"}.get(clock.result, clock.result)
    manual = ", entered by hand" if clock.manual else ""
    return f"{name}: {', '.join(times)}: {result}{due}{manual}"


def score_words(row: QueueRow) -> str:
    """Return "urgency 83 (urgent), negative, complaint"."""
    return f"urgency {row.urgency} ({row.priority}), {row.sentiment}, {row.intent}"


def entry_words(entry: ThreadEntry, brand: str) -> str:
    """Return who wrote an entry of the history and what it is: "you: Ana (likely)"."""
    author = one_line(entry.author)
    who = {
        "customer": author or "somebody",
        "us": f"you, as {author}" if author else one_line(brand) or "you",
        "own_post": "your post",
        "action": f"here: {author}" if author else "here",
    }.get(entry.role, author)
    marks = f" ({', '.join(map(one_line, entry.marks))})" if entry.marks else ""
    return who + marks


def listed(names: Iterable[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    words = [one_line(name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def safe_url(url: str) -> str:
    """Return a URL that may become a link: http or https, nothing that ends a quote; else ""."""
    url = url.strip()
    if not re.fullmatch(_WEB, url):
        return ""
    return re.sub(_UNSAFE_IN_URL, _percent_encoded, url)


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))


def host(url: str) -> str:
    """Return the host to which a safe URL leads; what stands before an "@" is no part of it."""
    return re.split(r"[/?#]", safe_url(url).partition("//")[2], maxsplit=1)[0].rpartition("@")[2]


def hide_private(report: QueueReport) -> QueueReport:
    """Return the report without what private messages say: for mails, alerts and shared pages."""
    return report._replace(rows=tuple(map(hide_private_row, report.rows)))


def hide_private_thread(report: ConversationReport) -> ConversationReport:
    """Return the conversation without the texts of private messages."""
    thread = tuple(
        entry._replace(text=HIDDEN_TEXT, earlier_texts=())
        if (report.row.private and entry.role != "action") or "private" in entry.marks
        else entry
        for entry in report.thread
    )
    row, earlier = hide_private_row(report.row), tuple(map(hide_private_row, report.earlier))
    return report._replace(row=row, thread=thread, earlier=earlier)


def hide_private_row(row: QueueRow) -> QueueRow:
    """Return a row without what a private message says; others as they are."""
    if not row.private:
        return row
    reasons = tuple(reason._replace(quote="") for reason in row.reasons)
    return row._replace(text=HIDDEN_TEXT, title="", media=0, reasons=reasons)


def _exact_span(seconds: int) -> str:
    """Return "0 min", "40 min", "2 h", "2 h 15 min"."""
    minutes = max(0, seconds // 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
