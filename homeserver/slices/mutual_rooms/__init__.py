"""The rooms that two users have in common."""
