"""What users of a model need: recordings, released models, prediction, reports, archives, C code, the browser.

Imports nothing of :mod:`ecglib`, and none of the libraries that networks are trained with.
"""

__version__ = "2.0.0"
