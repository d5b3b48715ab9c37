"""What is piped: the engine without a screen. stdout is data, stderr is narration."""
