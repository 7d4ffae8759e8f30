"""Spaces: rooms that hold rooms; and what rooms show of themselves to those outside."""
