"""The emulator in a browser: a page, what it reads, and the stream that keeps it up to date."""
