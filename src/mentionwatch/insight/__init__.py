"""What can be learned from what is stored. Pure: no clock, no database."""
