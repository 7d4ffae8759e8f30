"""What an operation costs a homeserver: Hearth and others measured in turn on the same machine.

It speaks only the public client-server API, so that any homeserver can be measured. README.md here says how.
"""
