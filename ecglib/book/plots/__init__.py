"""The study's figures, in one style and with one color per superclass throughout.

Each function takes tables, arrays or results and returns a matplotlib Figure.
"""

from ecglib.book.plots.curves import auc_against_sparsity, shrinking
from ecglib.book.plots.networks import convolution_blocks, inception_block, parameters_by_stage, training_curves
from ecglib.book.plots.overview import against_bytes, front_page, systems
from ecglib.book.plots.pruning import channel_parts, weight_histograms
from ecglib.book.plots.records import changed_beats, marked_beat, record_on_paper
from ecglib.book.plots.style import style
from ecglib.book.plots.travel import local_calibration, mistakes, noise_curves, situations
