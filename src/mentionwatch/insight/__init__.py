"""What can be learned from what is stored: figures, quality, spikes. Pure: no clock, no database."""
