"""Other tools' files as what setup is told: `imported(path, environment)`. One room per format: deck.py, litellm.py,
dotenv.py.

What cannot be taken is told with its reason; nothing is applied here. Not for: writing other formats
(quickstart.exports), applying (commands/import_.py).
"""

from quickstart.imports.imported import Imported, Note
from quickstart.imports.reading import imported

__all__ = ["Imported", "Note", "imported"]
