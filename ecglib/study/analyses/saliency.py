"""Does the released model look where an infarction is? Occlusion maps of fold 10 against anatomy.

In come records whose only infarction statements are anterior or inferior, and a model; out comes the share of what
speaks for MI that lies in the leads which face that wall, with an interval, next to the share of those leads among
twelve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecglib.data import ptbxl
from ecglib.data.dataset import Dataset
from ecglib.data.folds import TEST_FOLD
from ecglib.evaluation.bootstrap import Estimate, percentile
from ecglib.evaluation.resampling import Resampling
from ecglib.study.study import Study
from ecgpredict import occlusion, released
from ecgpredict.spec import CLASSES, LEADS

# wall: (its infarction statements in PTB-XL, the leads that face it)
WALLS = {
    "anterior": (("AMI", "ASMI", "ALMI"), ("V1", "V2", "V3", "V4")),
    "inferior": (("IMI", "ILMI", "IPMI", "IPLMI"), ("II", "III", "aVF")),
}
_OTHER_INFARCTIONS = ("LMI", "PMI", "INJAS", "INJAL", "INJLA", "INJIN", "INJIL")
COUNT = 100  # records of each wall
_MI = CLASSES.index("MI")


@dataclass(frozen=True)
class Wall:
    """Where the map of MI is positive in infarctions of one wall.

    Attributes
    ----------
    name : the wall
    leads : those that face it
    by_lead : float (records, 12), each record's share of positive attribution by lead; rows sum to 1
    share : mean over records of the share in `leads`, interval over patients
    unmoved : records left out because no piece speaks for MI
    """

    name: str
    leads: tuple[str, ...]
    by_lead: np.ndarray
    share: Estimate
    unmoved: int

    @property
    def chance(self) -> float:
        """The share if attribution did not depend on the lead."""
        return len(self.leads) / len(LEADS)


def of_study(study: Study, count: int = COUNT) -> list[Wall]:
    """Both walls in fold 10 of a study's data, with the default released model."""
    statements = ptbxl.read_statement_labels(study.paths.data)
    found, predict = study.data.in_folds(TEST_FOLD), released.load().probabilities
    return walls(found, statements, predict, count=count, n_bootstrap=study.settings.n_bootstrap)


def walls(
    dataset: Dataset,
    statements: pd.DataFrame,
    predict: Callable[[np.ndarray], np.ndarray],
    *,
    count: int = COUNT,
    n_bootstrap: int = 2000,
    seed: int = 0,
) -> list[Wall]:
    """Occlusion maps of at most `count` randomly chosen records of each wall; a wall without a map is left out.

    Parameters
    ----------
    statements : bool, ecg_id by statement, as :func:`ecglib.data.ptbxl.read_statement_labels` reads them
    predict : windows float32 (w, 1000, 12) in mV -> probabilities (w, 5)
    """
    found = (_wall(name, dataset, statements, predict, count, n_bootstrap, seed) for name in WALLS)
    return [wall for wall in found if wall]


def table(found: list[Wall]) -> pd.DataFrame:
    """One row per wall: share with interval, and the share expected by chance."""
    return pd.DataFrame(
        {
            "infarction": wall.name,
            "records": len(wall.by_lead),
            "leads": " ".join(wall.leads),
            "share of what speaks for MI": str(wall.share),
            "by chance": f"{wall.chance:.3f}",
        }
        for wall in found
    )


def conclusion(found: list[Wall]) -> str:
    """Whether each wall's leads have more of the maps than by chance, and in how many records the map is empty."""
    if not found:
        return "No record of these infarctions has a map: occluding a second of one lead changes no probability of MI."
    return " ".join(
        f"In {wall.name} infarctions ({len(wall.by_lead)} records), {', '.join(wall.leads)} have {wall.share} of what "
        f"speaks for MI, {_against_chance(wall)} the {wall.chance:.3f} expected by chance. In {wall.unmoved} further "
        "records no piece speaks for it."
        for wall in found
    )


def _against_chance(wall: Wall) -> str:
    if wall.share.low > wall.chance:
        return "more than"
    return "less than" if wall.share.high < wall.chance else "not distinguishable from"


def by_lead(found: list[Wall]) -> pd.DataFrame:
    """Mean share of positive attribution: wall by lead."""
    return pd.DataFrame([wall.by_lead.mean(axis=0) for wall in found], [wall.name for wall in found], list(LEADS))


def _wall(
    name: str, dataset: Dataset, statements: pd.DataFrame, predict, count: int, n_bootstrap: int, seed: int
) -> Wall | None:
    own, leads = WALLS[name]
    others = [code for wall, (codes, _) in WALLS.items() if wall != name for code in codes]
    labels = statements.reindex(dataset.ecg_id, fill_value=False)
    has = labels.reindex(columns=list(own), fill_value=False).any(axis=1)
    has &= ~labels.reindex(columns=[*others, *_OTHER_INFARCTIONS], fill_value=False).any(axis=1)
    chosen = dataset.select(has.to_numpy()).sample(count, seed)
    gains = np.array(
        [
            np.clip(occlusion.occlusion_map(predict, chosen.millivolts([row])[0])[_MI], 0, None).sum(axis=1)
            for row in range(len(chosen))
        ]
    ).reshape(-1, len(LEADS))
    moved = gains.sum(axis=1) > 0
    if not moved.any():
        return None
    shares = gains[moved] / gains[moved].sum(axis=1, keepdims=True)
    inside = shares[:, [LEADS.index(lead) for lead in leads]].sum(axis=1)
    resampling = Resampling.from_dataset(chosen.select(moved), n_bootstrap, seed)
    totals = resampling.totals(np.stack([inside, np.ones(len(inside))], axis=1))
    share = percentile(inside.mean(), totals[:, 0] / totals[:, 1])
    return Wall(name, leads, shares, share, int((~moved).sum()))
