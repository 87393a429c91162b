"""Today's weak spots of sign-in and sessions: each with its figure and an advice."""
