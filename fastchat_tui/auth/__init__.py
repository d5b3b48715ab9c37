"""Who is trusted: secrets in the OS keyring."""
