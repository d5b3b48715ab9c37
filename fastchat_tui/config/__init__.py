"""What was asked for: files, environment and command line, read as data and merged once."""
