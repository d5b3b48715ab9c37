"""Who thinks: the model's APIs. The only folder that knows the ``openai`` SDK."""
