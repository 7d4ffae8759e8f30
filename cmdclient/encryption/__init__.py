"""End-to-end encryption, through matrix-nio."""
