"""Searching in messages, names and topics."""
