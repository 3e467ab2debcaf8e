"""How a result is shown: the formats, a table's columns, --query, and progress."""
