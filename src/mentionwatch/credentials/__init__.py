"""
Secrets: where they come from, and that they never show.

A secret key of the configuration holds the value itself or says where it is:
``env:NAME``, ``cmd:prog args``, ``{ cmd = ["prog", "arg"] }``, ``file:~/path``,
``keyring:service/user``; ``literal:`` escapes a value that begins like one of these. It is looked
up late, once per process, one at a time, so that a locked password manager asks once. Tokens that
a platform renews live in a file of their own.
"""

from __future__ import annotations

from mentionwatch.credentials.redaction import MASK, redact, redacting_formatter, remember
from mentionwatch.credentials.secret import NO_SECRET, Secret
from mentionwatch.credentials.sources import forget_resolved, set_interactive
from mentionwatch.credentials.tokens import Tokens

__all__ = [
    "MASK",
    "NO_SECRET",
    "Secret",
    "Tokens",
    "forget_resolved",
    "redact",
    "redacting_formatter",
    "remember",
    "set_interactive",
]
