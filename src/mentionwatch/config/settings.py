"""
What a configuration says, checked: frozen values that are handed on as slices.

They are named tuples because every start makes these classes: a dataclass takes a millisecond for
it, a named tuple a fifth of that, or less where its annotations are no texts to be compiled; so
there is no `from __future__ import annotations` here. What only some files hold stands apart:
digest, alerts and hand-offs in `outgoing`, saved replies in `replies`.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mentionwatch.config.outgoing import Digest, Handoff, NotifyTarget, Watch
    from mentionwatch.config.replies import SavedReply
    from mentionwatch.core.business_hours import Target
    from mentionwatch.core.scoring.rule import CustomRule

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Minutes from midnight; the end may lie past 1440, on the next day.
Span = tuple[int, int]

ALL_DAY: tuple[Span, ...] = ((0, 1440),)


class Found(NamedTuple):
    """
    A configuration file.

    ``from_cwd``: it only happened to lie in the current directory, so it may run no programs.
    """

    path: Path
    from_cwd: bool = False


class Brand(NamedTuple):
    """What is watched; ``terms`` is never empty."""

    name: str
    terms: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    own_accounts: tuple[str, ...] = ()
    automatic_texts: tuple[str, ...] = ()


class Hours(NamedTuple):
    """
    When we are open.

    ``days``: the spans of Monday to Sunday. ``closed``: first and last day of each absence.
    ``special``: days with hours of their own. ``holidays``: "", "GB-ENG", a URL, or the absolute
    path of an .ics file. ``always``: priorities that are counted around the clock.
    """

    timezone: str
    days: tuple[tuple[Span, ...], ...] = (ALL_DAY,) * 7
    holidays: str = ""
    closed: tuple[tuple[date, date], ...] = ()
    special: Mapping[date, tuple[Span, ...]] = {}
    always: tuple[str, ...] = ()

    @property
    def always_open(self) -> bool:
        return self.days == (ALL_DAY,) * 7 and not (self.closed or self.special or self.holidays)


class Targets(NamedTuple):
    """Open time allowed for an answer; ``by_family["social"]["high"]`` is always there."""

    by_family: Mapping[str, Mapping[str, "Target"]]

    def of(self, family: str, priority: str, own: Mapping[str, "Target"] | None = None) -> "Target":
        """Return a channel's own target, else that of its family; unknown families are direct."""
        if own and priority in own:
            return own[priority]
        return self.by_family.get(family, self.by_family["direct"])[priority]


class QueueSettings(NamedTuple):
    follow_up: "Target"
    merge_window: timedelta = timedelta(hours=72)
    reopen_within: timedelta = timedelta(days=30)
    first_run: timedelta = timedelta(days=3)


class Team(NamedTuple):
    """``duty``: the names of Monday to Sunday; ``me``: "" where nobody said."""

    names: tuple[str, ...] = ()
    me: str = ""
    duty: tuple[tuple[str, ...], ...] = ((),) * 7


class ChannelSettings(NamedTuple):
    """
    One ``[channels.NAME]``.

    ``channel`` is an instance of the type's class; None where a third party's package does not
    load, and then ``problem`` says why. ``targets`` override those of the family. ``keep``: how
    long its items are kept, None for ever. ``every``: its usual interval, None where not said.
    ``timeout`` in seconds, None for the usual one. ``own_accounts``: beside those of the brand.
    ``deferred``: the class was not loaded, because this very file was checked before.
    """

    name: str
    type: str
    channel: Any = None
    problem: str = ""
    targets: Mapping[str, "Target"] = {}
    keep: timedelta | None = None
    keep_raw: bool = False
    every: timedelta | None = None
    enabled: bool = True
    timeout: float | None = None
    own_accounts: tuple[str, ...] = ()
    deferred: bool = False

    @property
    def family(self) -> str:
        return str(getattr(self.channel, "family", "direct"))


class RuleSettings(NamedTuple):
    """``points``: by id of a rule, instead of the built-in ones."""

    disable: tuple[str, ...] = ()
    points: Mapping[str, int] = {}
    custom: tuple["CustomRule", ...] = ()


class Config(NamedTuple):
    """
    A whole configuration without problems.

    ``plain_secrets``: some secret stands in the file itself. ``warnings``: sentences for the owner.
    """

    path: Path
    brand: Brand
    hours: Hours
    targets: Targets
    queue: QueueSettings
    team: Team = Team()
    channels: tuple[ChannelSettings, ...] = ()
    rules: RuleSettings = RuleSettings()
    digest: "Digest | None" = None
    notify: tuple["NotifyTarget", ...] = ()
    handoffs: tuple["Handoff", ...] = ()
    saved_replies: tuple["SavedReply", ...] = ()
    watch: "Watch | None" = None
    plain_secrets: bool = False
    warnings: tuple[str, ...] = ()

    def channel(self, name: str) -> ChannelSettings | None:
        return next((channel for channel in self.channels if channel.name == name), None)

    def all_targets(self) -> dict[str, Mapping[str, "Target"]]:
        """Return the targets by family and, for channels with their own, by "channel:NAME"."""
        own = {f"channel:{one.name}": one.targets for one in self.channels if one.targets}
        return {**self.targets.by_family, **own}
