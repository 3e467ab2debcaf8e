"""The configuration file: contexts, and the programs that it names for secrets."""
