"""The launcher's abilities without a window. One module per command; none imports Qt."""
