"""Accounts: registration, login, access tokens, user-interactive authentication."""
