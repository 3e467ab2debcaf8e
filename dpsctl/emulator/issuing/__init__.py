"""Certificates that the service issues to a device which asks for one as it registers."""
