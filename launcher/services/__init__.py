"""QObject adapters over the other rooms. Threads, processes and timers end here; QtCore only."""
