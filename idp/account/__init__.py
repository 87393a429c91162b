"""What users manage themselves."""
