"""``python -m mentionwatch``."""

from mentionwatch.cli.start import run

run()
