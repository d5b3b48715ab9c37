"""The servers: what runs, what it offers, what it costs."""
