"""Options, each declared once: their groups, the kinds of their values, rules about one value."""
