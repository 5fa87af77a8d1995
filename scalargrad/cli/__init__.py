"""The command: expressions that are read, checked and differentiated."""
