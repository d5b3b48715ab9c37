"""What is remembered: the log of all sessions."""
