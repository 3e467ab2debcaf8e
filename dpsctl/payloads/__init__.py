"""Flags to JSON bodies: pure functions."""
