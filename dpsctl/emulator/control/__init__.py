"""What a test asks of the emulator itself, under /_emulator/, and its description."""
