"""One module a noun: flags in, result out."""
