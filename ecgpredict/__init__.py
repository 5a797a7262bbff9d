"""What users of a model need: recordings, released models, prediction, reports, archives, C code, the browser.

Imports nothing of :mod:`ecglib`, and none of the libraries that networks are trained with.
"""

import os

__version__ = "2.0.0"

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime reads it when it is imported: nothing leaves the machine
