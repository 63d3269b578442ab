"""
The command triage: the queue, one conversation at a time, key by key.

Every key is carried out and stored at once: a connection that drops loses nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mentionwatch.cli import keys, shared
from mentionwatch.errors import ExitCode, MentionwatchError, UsageError

if TYPE_CHECKING:
    from mentionwatch.app.setting import Setting

CLEAR = "\x1b[2J\x1b[3J\x1b[H"
HELP = """\
  o  open it in the browser           n  write a note
  d  done                             a  assign it to somebody
  r  answered elsewhere: done, and    l  label it, or correct its score
     counted as our reply
  z  snooze                           u  undo
  i  ignore, with a cause             s  skip (or space, →)   b  back (or ←)
  ?  this help                        q  quit
"""
BAR = "o open  d done  r replied  z snooze  i ignore  n note  s skip  u undo  ? all  q quit"
SHORT_BAR = "o open d done r replied z snooze i ignore n note s skip u undo ? all q quit"
SHORTEST_BAR = "o d r z i n a l s b u ? q"
BARS = (BAR, SHORT_BAR)
SNOOZES = {"1": "1h", "2": "tonight", "3": "tomorrow", "4": "monday"}
CAUSES = {"s": "spam", "u": "not-us", "n": "no-reply-needed", "o": "own"}


def triage(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WHICH]...", help="Only these; as for queue.")
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only mine, and nobody's.")] = False,
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
) -> int:
    """Work through the queue, key by key."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "triage needs a terminal", hint="mentionwatch queue, done and the others do not"
        )
    with shared.open_setting(config, db) as setting:
        session = Session(setting, words or [], mine=mine)
        with keys.raw():
            try:
                session.run()
            except EOFError:
                return ExitCode.OK  # the terminal is gone; everything done is stored
    shared.say(session.farewell())
    return 0


class Session:
    """One walk through the queue."""

    def __init__(self, setting: Setting, words: list[str], *, mine: bool) -> None:
        self.setting = setting
        self.words = words
        self.mine = mine
        self.place = 0
        self.handled = 0
        self.message = ""
        self.commands: dict[str, Callable[[int], None]] = {
            "o": self.open,
            "d": lambda number: self.act(number, "done", {}),
            "r": lambda number: self.act(number, "done", {"replied": True}),
            "z": self.snooze,
            "i": self.ignore,
            "n": self.note,
            "a": self.assign,
            "l": self.label,
            "u": self.undo,
        }

    # --- the walk ---------------------------------------------------------------------------

    def run(self) -> None:
        """Show and obey until the queue is empty or the owner leaves."""
        while True:
            rows = self.rows()
            if not rows:
                self.draw_end()
                return
            self.place = max(0, min(self.place, len(rows) - 1))
            number = rows[self.place].id
            self.draw(number, len(rows))
            if not self.obey(keys.read(), number, len(rows)):
                return

    def rows(self) -> Any:
        from mentionwatch.app.read_queue import Wanted, bring_up_to_date, read_queue

        now = shared.now()
        bring_up_to_date(self.setting, now)
        wanted = Wanted()
        if self.words or self.mine:
            from mentionwatch.app.selection import select

            chosen = select(
                " ".join(self.words),
                self.setting,
                now,
                mine=shared.me(self.setting) if self.mine else None,
            )
            wanted = Wanted(
                everything=chosen.any_state,
                where=chosen.where,
                values=chosen.values,
                selection=chosen.text,
            )
        self.report = read_queue(self.setting, now, wanted)
        return self.report.rows

    def obey(self, key: str, number: int, count: int) -> bool:
        """Carry out a key; return False to leave."""
        self.message = ""
        if key in ("q", "escape"):
            return False
        if key in ("s", " ", "right", "down", "enter"):
            self.place = (self.place + 1) % count
            self.message = "from the beginning again" if self.place == 0 and count > 1 else ""
        elif key in ("b", "left", "up"):
            self.place = (self.place - 1) % count
        elif key in ("?", "h"):
            self.message = HELP
        elif key in self.commands:
            try:
                self.commands[key](number)
            except MentionwatchError as error:
                self.message = f"{error.message}. {error.hint}".strip()
        else:
            self.message = "? shows the keys"
        return True

    # --- drawing ----------------------------------------------------------------------------

    def draw(self, number: int, count: int) -> None:
        from mentionwatch.app.read_conversation import read_conversation
        from mentionwatch.output.table import conversation_table

        width, colour = shared.width(), shared.colour()
        found = read_conversation(self.setting, shared.now(), number)
        body = conversation_table(found, width=width, colour=colour)
        bar = next((bar for bar in BARS if len(bar) <= width), SHORTEST_BAR)
        head = f"{self.place + 1} of {count} waiting"
        if not self.report.summary.complete:
            head += "; not complete, see mentionwatch status"
        self.write(f"{CLEAR}{head}\n\n{body.rstrip()}\n\n")
        if self.message:
            self.write(f"{self.message.rstrip()}\n\n")
        self.write(f"{bar}\n")

    def draw_end(self) -> None:
        from mentionwatch.output import overview

        local = overview.local_time(self.report)
        lines = [
            overview.summary_sentence(self.report, local),
            overview.completeness(self.report),
        ]
        self.write(CLEAR + "\n".join(line for line in lines if line) + "\n")

    def farewell(self) -> str:
        """Return what to say when the owner leaves."""
        waiting = self.report.summary.overdue + self.report.summary.due_soon
        waiting += self.report.summary.later
        word = "conversation" if self.handled == 1 else "conversations"
        return f"{self.handled} {word} handled, {waiting} still waiting."

    def write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def ask(self, question: str) -> str:
        """Ask for a line; an empty one, or escape, means no."""
        self.write(f"{question}: ")
        line = ""
        while True:
            key = keys.read()
            if key == "enter":
                self.write("\n")
                return line.strip()
            if key == "escape":
                self.write("\n")
                return ""
            if key == "backspace":
                line = line[:-1]
                self.write("\b \b")
            elif len(key) == 1 and key.isprintable():
                line += key
                self.write(key)

    # --- actions ----------------------------------------------------------------------------

    def act(self, number: int, kind: str, data: dict[str, Any]) -> None:
        from mentionwatch.app.act import Action, act

        action = Action(kind=kind, data=data, actor=shared.me(self.setting))
        act(self.setting, shared.now(), [number], action)
        self.handled += kind in ("done", "ignore", "snooze")
        self.message = f"{kind}: {number}   (u takes it back)"

    def open(self, number: int) -> None:
        from mentionwatch.app.read_conversation import read_conversation
        from mentionwatch.output.words import safe_url

        url = safe_url(read_conversation(self.setting, shared.now(), number).row.url)
        if not url:
            self.message = "it has no address that can be opened"
            return
        import webbrowser

        opened = webbrowser.open(url)
        self.message = f"opened {url}" if opened else f"no browser here; the address is {url}"

    def snooze(self, number: int) -> None:
        from mentionwatch.app.when import until

        self.write("until  1 in an hour  2 tonight  3 tomorrow  4 Monday  5 another time\n")
        key = keys.read()
        text = SNOOZES.get(key) or (self.ask("until when") if key == "5" else "")
        if text:
            moment = until(text, shared.now(), self.setting)
            self.act(number, "snooze", {"until": moment.isoformat(), "regardless": False})

    def ignore(self, number: int) -> None:
        self.write(
            "because  n no reply is needed  s it is spam  u it is not about us  o it is ours\n"
        )
        cause = CAUSES.get(keys.read())
        if cause:
            self.act(number, "ignore", {"cause": cause})

    def note(self, number: int) -> None:
        text = self.ask("note")
        if text:
            self.act(number, "note", {"text": text})

    def assign(self, number: int) -> None:
        from mentionwatch.app.people import member

        names = self.setting.config.team.names
        name = self.ask(f"to whom ({', '.join([*names, 'me', 'nobody'])})")
        if name:
            self.act(number, "assign", {"assignee": member(self.setting, name)})

    def label(self, number: int) -> None:
        from mentionwatch.app.people import labels

        text = self.ask("label (vip, no-vip, priority=high)")
        if text:
            self.act(number, "label", labels(text.split()))

    def undo(self, _number: int) -> None:
        from mentionwatch.app.act import undo

        (acted,) = undo(self.setting, shared.now(), actor=shared.me(self.setting))
        self.handled = max(0, self.handled - (acted.kind in ("done", "ignore", "snooze")))
        ids = [row.id for row in self.rows()]
        if acted.ids[0] in ids:
            self.place = ids.index(acted.ids[0])
        self.message = f"undone: {acted.kind} {acted.ids[0]}"
