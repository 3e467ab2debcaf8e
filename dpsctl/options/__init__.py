"""Options that more than one command takes, each declared once, and the groups they come in."""
