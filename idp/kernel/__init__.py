"""What every room stands on: clock, ids, secrets, encodings, JOSE, errors. Imports nothing of ours."""
