"""Who is waiting for an answer from your business, on every channel, and who first."""

__version__ = "0.1.0"
