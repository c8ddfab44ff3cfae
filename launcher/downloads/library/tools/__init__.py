"""Where other programs keep their models: one file per program, each a function that yields the file sets it keeps.

Nothing here opens a model. Folders, settings and manifests of other programs are untrusted: their small files are read up to
a limit, values of another shape are ignored, and nothing is ever written. What is found is judged by launcher/downloads/examine.py.
"""
