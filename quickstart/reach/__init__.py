"""Getting from here to a server, and telling why one does not get there: names, proxies, certificates, containers.

Not for: what a server answers once it is reached (keycheck.py, discovery.py).
"""
