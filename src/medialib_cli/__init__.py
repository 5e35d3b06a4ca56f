"""The command line of medialib."""
