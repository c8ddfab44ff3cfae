"""What outlives the window: chats and the history of loads (SQLite), settings (TOML). No Qt, no network."""
