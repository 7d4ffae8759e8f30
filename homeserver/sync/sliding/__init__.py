"""Simplified sliding sync: a window of a user's rooms, and what changed in it since a connection was last answered.

https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4186-simplified-sliding-sync.md
"""
