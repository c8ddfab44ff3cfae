"""Models and unfinished downloads on their way to another folder or disk; killed at any moment, one place is whole."""
