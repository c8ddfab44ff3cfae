"""The models on the disk, whoever put them there: finding (`scan`), checking, adopting, removing, newer revisions."""
