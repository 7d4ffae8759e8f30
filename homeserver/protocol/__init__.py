"""The Matrix protocol as values and plain functions: no I/O, no clock, no randomness."""
