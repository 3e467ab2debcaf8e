"""Azure around the service: signing in, clouds, and how a name leads to a service."""
