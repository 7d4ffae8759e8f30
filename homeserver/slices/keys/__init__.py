"""The public keys of devices and users, which end-to-end encryption rests on."""
