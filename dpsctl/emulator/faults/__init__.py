"""Failures on request: how they are worded, and which are in force."""
