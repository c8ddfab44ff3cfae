"""Bytes to the disk: the transfer, the queue, the library of installed files. Knows nothing of windows or engines.

The ways in: `queue.queue.DownloadQueue`, `transfer.fetch.fetch`, `library.scan`. Nothing is imported here: a window starts without
the transfer.
"""
