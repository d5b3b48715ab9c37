"""Forms made from a JSON schema: arguments of a tool, answers to a server's question."""
