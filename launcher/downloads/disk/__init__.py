"""What of ours is on the disk and where: folders, the cache's layout, partial files with their maps, the lists of both."""
