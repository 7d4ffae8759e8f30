"""reCAPTCHA at registration."""
