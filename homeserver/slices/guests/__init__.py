"""Guests in rooms."""
