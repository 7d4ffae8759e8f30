"""hearth-cli: a console client of the Matrix client-server API."""
