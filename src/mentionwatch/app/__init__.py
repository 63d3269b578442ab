"""One module per use case; no terminal. The clock is an argument."""
