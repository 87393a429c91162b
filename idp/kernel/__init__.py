"""What every room stands on: clock, secrets, encodings, JOSE, errors. Imports nothing of ours."""
