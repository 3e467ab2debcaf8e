"""X.509 certificates and their keys: read, made, signed and written."""
