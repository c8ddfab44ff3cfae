"""Which items run, which wait, and what the user asked of them. `queue.DownloadQueue` is the way in."""
