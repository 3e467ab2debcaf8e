"""What every command shares: the way from a command line to a function, and back out."""
