"""The command's expressions: read, checked and differentiated."""
