"""Events that are sent later: MSC4140, under its unstable names."""
