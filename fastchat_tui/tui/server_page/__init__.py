"""A server's page: what it offers, to be used; what it may do; what it says."""
