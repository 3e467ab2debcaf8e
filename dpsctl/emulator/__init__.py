"""The provisioning service on this machine."""
