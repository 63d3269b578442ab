"""The pure heart, no input or output and no clock: who is waiting, and who is first."""
