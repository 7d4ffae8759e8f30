"""Tokens by which users show third parties who they are."""
