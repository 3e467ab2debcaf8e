"""Declarative fleets: records in files, compared with a service and made true there."""
