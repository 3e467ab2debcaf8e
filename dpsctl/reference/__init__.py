"""Man pages, completions and help topics, all made from the command tree."""
