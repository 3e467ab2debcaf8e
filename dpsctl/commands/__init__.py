"""Nouns and their verbs, a module or a folder a noun: options in, data out, nothing printed."""
