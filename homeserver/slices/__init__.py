"""Features, one folder each: `service queries endpoints [federation] [changes]`. None imports another."""
