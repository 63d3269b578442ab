"""
The entry point: `main` turns errors into codes and text, and nothing else does.

``--version`` is answered before anything heavy is imported.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from mentionwatch import __version__
from mentionwatch.errors import ExitCode, MentionwatchError


class Terminated(BaseException):
    """SIGTERM: end now, keep what is stored."""


def run() -> None:
    """Run as a program."""
    # What a start makes stays until the end. By default the collector looks through it a hundred
    # times, and once more before the exit: a tenth of the time that `queue` takes.
    gc.set_threshold(10_000)
    code = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = ExitCode.CLOSED_PIPE
        _silence()
    gc.freeze()
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run a command line and return the exit code (design, "Contract of a run").

    Args:
        argv: Without the program's name; None for that of the process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in (["--version"], ["-V"]):
        print(f"mentionwatch {__version__}")
        return ExitCode.OK
    previous = _on_terminate()
    try:
        return _command(arguments)
    except MentionwatchError as error:
        complain(error)
        return error.exit_code
    except (KeyboardInterrupt, EOFError):
        print("\nmentionwatch: interrupted; everything fetched so far is kept", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except Terminated:
        return ExitCode.TERMINATED
    except BrokenPipeError:
        _silence()
        return ExitCode.CLOSED_PIPE
    except OSError as error:
        return _system(error)
    except MemoryError:
        print("mentionwatch: out of memory", file=sys.stderr)
        return ExitCode.IO
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback for owners
        return _bug(error, arguments)
    finally:
        _restore(previous)


def _command(arguments: list[str]) -> int:
    from mentionwatch.cli.commands import application

    result = application(arguments)(arguments, standalone_mode=False, prog_name="mentionwatch")
    return int(result) if result is not None else ExitCode.OK


def complain(error: MentionwatchError) -> None:
    """Say what happened and the way out, on standard error; never a secret."""
    from mentionwatch.credentials import redact
    from mentionwatch.model.text import visible

    print(f"mentionwatch: {visible(redact(error.message))}", file=sys.stderr)
    if error.hint:
        print(f"  hint: {visible(redact(error.hint))}", file=sys.stderr)


def _system(error: OSError) -> int:
    from mentionwatch.credentials import redact

    name = f"{error.filename}: " if error.filename else ""
    print(f"mentionwatch: {redact(name)}{error.strerror or error}", file=sys.stderr)
    print("  hint: check the path, its permissions and the disk", file=sys.stderr)
    return ExitCode.IO


def _bug(error: Exception, arguments: Sequence[str]) -> int:
    usage = _no_text(error, arguments) or _usage(error)
    if usage is not None:
        return usage
    from mentionwatch.credentials import redact

    print(
        f"mentionwatch: something went wrong that nobody foresaw ({type(error).__name__}: "
        f"{redact(str(error))[:300]})",
        file=sys.stderr,
    )
    print("  hint: please report it; the database is as it was", file=sys.stderr)
    if "-vv" in arguments:
        import traceback

        print(redact("".join(traceback.format_exception(error))), file=sys.stderr)
    return ExitCode.BUG


def _no_text(error: Exception, arguments: Sequence[str]) -> int | None:
    """A file name may hold bytes that are no text, and is left alone; words may not."""
    odd = [word for word in arguments if not word.isprintable() and word != _encodable(word)]
    if not isinstance(error, UnicodeEncodeError) or not odd:
        return None
    print(f"mentionwatch: {odd[0]!a} is no text", file=sys.stderr)
    print("  hint: write it in UTF-8", file=sys.stderr)
    return ExitCode.USAGE


def _encodable(word: str) -> str:
    return word.encode("utf-8", "replace").decode("utf-8")


def _usage(error: Exception) -> int | None:
    """Typer carries a click of its own; its errors are known by what they can do."""
    show = getattr(error, "show", None)
    code = getattr(error, "exit_code", None)
    if type(error).__name__ == "Exit" and isinstance(code, int):
        return code
    if type(error).__name__ == "Abort":
        print("mentionwatch: aborted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    if callable(show) and isinstance(code, int):
        show(file=sys.stderr)
        return ExitCode.USAGE
    return None


def _silence() -> None:
    """The reader is gone: keep the interpreter from complaining about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _on_terminate() -> object:
    try:
        return signal.signal(signal.SIGTERM, _terminate)
    except ValueError:  # not in the main thread: whoever runs us there handles signals
        return None


def _restore(previous: object) -> None:
    if previous is not None:
        signal.signal(signal.SIGTERM, previous)  # type: ignore[arg-type]
