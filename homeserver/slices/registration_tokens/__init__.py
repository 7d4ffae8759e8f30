"""Tokens with which people may register."""
