"""What setup wants, what runs, and what both go back to: merged so that nobody's edit is lost, shown, applied as one
transaction and kept as a numbered generation.

The rooms: rows.py (what is compared), alignment.py (the same thing under two ids), three_way.py (the merge),
difference.py (what changes, in words and as a diff), deck_file.py (rows as a file), sealing.py (secrets typed in
clear), generations.py (the history), situation.py (what is in force), proposal.py (what would be), applying.py (making
it so).
"""
