"""Bytes from the hub into one item's files: several connections, hashed behind them, what is bad fetched again. `fetch` is the way in."""
