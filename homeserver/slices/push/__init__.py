"""Pushers: telling push gateways, and people by mail, what notifies users."""
