"""Manage Azure IoT device provisioning from the command line."""

__version__ = "0.1.0"
# The day of that version's heading in CHANGELOG.md; until it has one, the day work on it began.
PROJECT_URL = "https://pypi.org/project/dpsctl/"  # from the first release on
RELEASE_DATE = "2026-11-22"
