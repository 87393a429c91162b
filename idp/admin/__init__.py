"""What operators and their tools do over HTTP: take back what was given, and answer with what."""
