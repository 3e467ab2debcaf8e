"""What flags and rows of files say, as JSON bodies of the service: pure functions."""
