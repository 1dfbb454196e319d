"""The gateway's access log, read: requests as values, as lines for people, and as sums. Not for: where the log is
(runtime.py), writing it (the gateway).
"""
