"""The study's figures, in one style and with one color per superclass throughout.

Each function takes tables, arrays or results and returns a matplotlib Figure.
"""

from ecglib.book.plots.comparisons import auc_against_sparsity, seed_spread
from ecglib.book.plots.curves import macro_roc, reliability, roc
from ecglib.book.plots.frontier import frontier
from ecglib.book.plots.networks import architecture, training_curves
from ecglib.book.plots.overview import auc_against_bytes, overview_points
from ecglib.book.plots.records import (
    OLDEST_AGE,
    demographics,
    ecg_paper,
    label_combinations,
    lead_grid,
    record_leads,
    record_on_paper,
    superclass_examples,
)
from ecglib.book.plots.saliency import attribution_by_lead
from ecglib.book.plots.style import style
from ecglib.book.plots.travel import group_differences, missing_leads, noise_curves
from ecglib.book.plots.travel_ludb import mistakes, repaired, risk_coverage
