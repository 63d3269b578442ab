"""
Every command by name, what it does in a line, and where it lives.

Only the command that is called is loaded, and for the list of all of them none: start-up is what a
script that reads the queue every minute pays. A test holds the lines against the commands' own.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from mentionwatch.cli import shared

# Name -> (module and object in this folder, the first sentence of its help), in order of use.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("setup:init", "Write a first configuration: a few questions, or --yes."),
    "demo": ("demonstrating:demo", "Show the queue of a sample shop: ten channels, no account "
             "needed."),
    "doctor": ("setup:doctor", "Test the set-up: files, clock, disk, and every credential with one "
               "cheap request."),
    "check": ("syncing:check", "Fetch what is new, then show the queue."),
    "sync": ("syncing:sync", "Fetch what is new from every channel."),
    "queue": ("reading:queue", "Show who waits, who first and why."),
    "triage": ("triage:triage", "Work through the queue, key by key."),
    "show": ("reading:show", "Show one conversation: thread, our replies, reasons, clock, earlier "
             "ones."),
    "open": ("reading:open_", "Open a conversation where it was written, in the browser."),
    "search": ("reading:search", "Find conversations by what was written, open or closed."),
    "explain": ("reading:explain", "Say why a conversation, or a text, scores as it does."),
    "done": ("acting:done", "Close conversations."),
    "ignore": ("acting:ignore", "Take conversations out of the queue for good."),
    "snooze": ("acting:snooze", "Put conversations away until a time."),
    "reopen": ("acting:reopen", "Put conversations back into the queue."),
    "assign": ("acting:assign", "Give conversations to somebody."),
    "note": ("acting:note", "Write a note for yourself and the team; the customer never sees it."),
    "label": ("acting:label", "Label a conversation, or correct how it was scored."),
    "link": ("acting:link", "Join two conversations of the same person into one."),
    "unlink": ("acting:unlink", "Take apart what was joined: by link, or because it came within "
               "the merge window."),
    "undo": ("acting:undo", "Take back what was done last."),
    "add": ("bringing:add", "Note the customer at the counter or on the telephone."),
    "import": ("bringing:import_", "Bring in mentions from a file."),
    "digest": ("delivering:digest", "Print the mail of the period, or send it: who waits, what is "
               "broken, the week's figures."),
    "notify": ("delivering:notify", "Send the alerts and hand-offs that are due, or test where "
               "alerts go."),
    "handoff": ("delivering:handoff", "Give conversations to another system: a help desk, a CRM, a "
                "webhook."),
    "watch": ("delivering:watch", "Fetch, alert, hand off and send the digest, again and again, "
              "until stopped."),
    "report": ("insight:report", "Say how a period went: answered or not, how fast, compared with "
               "the one before."),
    "review": ("insight:review", "Judge our own replies of a period: a scorecard with its "
               "reasons."),
    "status": ("setup:status", "Say how each channel stands, when it was read, and what is "
               "stored."),
    "hours": ("hours:hours", "Say when we are open, and the sentences for a profile and for after "
              "hours."),
    "rescore": ("hours:rescore", "Score again, with the rules, hours and targets of now: what is "
                "open."),
    "login": ("setup:login", "Take in a channel's credentials without showing them, and keep them "
              "in files of yours."),
    "forget": ("setup:forget", "Remove everything of an author for good."),
    "channels": ("setup:channels_app", "List the channel types with what each can do, and how the "
                 "configured ones stand."),
    "rules": ("rules:rules_app", "Look at the rules, test and measure them."),
    "config": ("setup:config_app", "Look at the configuration."),
    "db": ("setup:db_app", "Look after the database."),
}  # fmt: skip


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the command line for these arguments: the command that they name, or the list."""
    app = typer.Typer(
        name="mentionwatch",
        help="Who is waiting for an answer from your business, on every channel, and who first.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_before)
    named = next((word for word in arguments if word in COMMANDS), None)
    if named is not None:
        _register(app, named, COMMANDS[named][0])
        return app
    for name, (_, help_) in COMMANDS.items():
        app.command(name, help=help_)(_listed_only)
    return app


def _register(app: typer.Typer, name: str, target: str) -> None:
    module, _, attribute = target.partition(":")
    found: Any = getattr(import_module(f"mentionwatch.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name)
    else:
        app.command(name)(found)


def _listed_only() -> None:
    """A command that the arguments do not name; it only stands in the list."""


def _before(
    config: shared.ConfigOption = None,
    db: shared.DbOption = None,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Say more; twice for everything.")
    ] = 0,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
) -> None:
    shared.CURRENT = shared.Invocation(config=config, db=db, verbose=verbose)
    shared.configure_logging(verbose)
    if version:
        from mentionwatch import __version__

        print(f"mentionwatch {__version__}")
        raise typer.Exit
