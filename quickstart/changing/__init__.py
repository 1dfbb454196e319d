"""Changing what is set up by one command: `limit`, `key`, `apply`, `undo`. Each says what it wants (limits.py, keys.py,
files.py, undoing.py); change.py reviews, asks and carries it out the same way for all of them.
"""
