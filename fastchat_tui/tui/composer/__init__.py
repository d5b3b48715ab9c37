"""Where the user writes: the message, its history, completion, and long pastes kept whole."""
