"""What a sync tells while it runs, on standard error: bars on a terminal, else a line a channel."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mentionwatch.app.sync import Progress
from mentionwatch.model.text import visible

if TYPE_CHECKING:
    from mentionwatch.fetch import Outcome
    from mentionwatch.store.items import Saved


class SilentDisplay:
    """Says only what is wrong."""

    def __enter__(self) -> Progress:
        return Progress(page=self.page, ended=self.ended)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def page(self, name: str, saved: Saved) -> None:
        """A page was stored."""

    def ended(self, outcome: Outcome, saved: Saved) -> None:
        """A channel was read, or failed."""
        if outcome.status != "ok":
            self.write(line(outcome, saved))

    def write(self, text: str) -> None:
        print(visible(text), file=sys.stderr)

    def close(self) -> None:
        """The run is over."""


class LineDisplay(SilentDisplay):
    """One line for each channel, as it ends."""

    def ended(self, outcome: Outcome, saved: Saved) -> None:
        self.write(line(outcome, saved))


class BarDisplay(LineDisplay):
    """A moving line below those of the channels that have ended."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._progress: Any = None
        self._task: Any = None
        self._stored: dict[str, int] = {}

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bars

        self._progress = Bars(
            SpinnerColumn(),
            TextColumn("reading channels"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[new]} new", markup=False),
            console=Console(stderr=True, markup=False, emoji=False, highlight=False),
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task("", total=self._channels, new=0)
        return super().__enter__()

    def page(self, name: str, saved: Saved) -> None:
        self._stored[name] = saved.mentions
        self._progress.update(self._task, new=sum(self._stored.values()))

    def ended(self, outcome: Outcome, saved: Saved) -> None:
        self._progress.advance(self._task)
        if outcome.status != "ok":
            super().ended(outcome, saved)

    def write(self, text: str) -> None:
        self._progress.console.print(visible(text), soft_wrap=True)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()


def line(outcome: Outcome, saved: Saved) -> str:
    """Return one line on how a channel's run ended."""
    counts = [
        f"{number} {one if number == 1 else many}"
        for number, one, many in (
            (saved.mentions, "new mention", "new mentions"),
            (saved.replies, "reply of yours", "replies of yours"),
            (saved.updated, "change", "changes"),
        )
        if number
    ]
    found = ", ".join(counts) or "nothing new"
    if outcome.error is None:
        return f"{outcome.name}: {found}"
    mark = "cut short" if outcome.status == "partial" else "FAILED"
    hint = f"  → {outcome.error.hint}" if outcome.error.hint else ""
    kept = f" ({found} before that)" if counts else ""
    return f"{outcome.name}: {mark}: {outcome.error.message}{kept}{hint}"
