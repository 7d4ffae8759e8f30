"""Pages with which people authenticate in a browser, where their client does not know how."""
