"""Third-party identifiers: e-mail addresses of users, shown to be theirs."""
