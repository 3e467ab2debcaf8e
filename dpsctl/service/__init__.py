"""The real service over HTTP: one method a REST call."""
