"""The terminal: arguments, clock, environment, printing. Nothing else prints or asks the time."""
