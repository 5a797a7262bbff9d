"""Where maps of MI are positive, by the wall of the infarction: which records count, shares, and their interval."""

import numpy as np
import pandas as pd
import pytest

from ecglib.book import alt_text
from ecglib.book.plots import attribution_by_lead
from ecglib.data.ptbxl import read_statement_labels
from ecglib.study.analyses import saliency
from ecgpredict import released
from ecgpredict.spec import CLASSES, LEADS


def looks_at(*leads):
    """A model whose probability of MI is what these leads move, bounded to less than 1."""

    def predict(windows):
        columns = [LEADS.index(lead) for lead in leads]
        moved = np.abs(np.diff(windows[:, :, columns], axis=1)).sum(axis=1).mean(axis=1) / 1000
        return np.repeat(moved[:, None], len(CLASSES), axis=1)

    return predict


@pytest.fixture
def statements(sample):
    """The first six records have an anterior infarction, the next six an inferior one, and the next both."""
    table = pd.DataFrame(False, sample.table.index, ["ASMI", "IMI", "NORM"])
    table.iloc[:6, 0] = table.iloc[6:12, 1] = True
    table.iloc[12:20, :2] = True
    return table


def test_a_model_that_looks_at_a_walls_leads_has_all_its_share_there(sample, statements):
    anterior, inferior = saliency.walls(sample, statements, looks_at("V2", "V3"), n_bootstrap=50)
    assert (len(anterior.by_lead), len(inferior.by_lead)) == (6, 6)  # records with both are left out
    assert anterior.share.value == pytest.approx(1) and inferior.share.value == pytest.approx(0)
    assert (anterior.chance, inferior.chance) == (4 / 12, 3 / 12)
    assert saliency.by_lead([anterior]).loc["anterior", ["V2", "V3"]].sum() == pytest.approx(1)


def test_the_interval_holds_the_share_and_the_table_says_what_chance_gives(sample, statements):
    found = saliency.walls(sample, statements, looks_at(*LEADS), count=4, n_bootstrap=200)
    for wall in found:
        assert len(wall.by_lead) == 4
        assert wall.share.low < wall.share.value < wall.share.high
    assert saliency.table(found)["by chance"].tolist() == ["0.333", "0.250"]


def test_a_model_that_never_moves_has_no_maps_to_judge(sample, statements):
    assert saliency.walls(sample, statements, lambda windows: np.full((len(windows), 5), 0.5)) == []


@pytest.mark.slow
def test_the_released_model_looks_at_the_walls_leads_more_than_chance_on_ptbxl(ptbxl, ptbxl_root):
    """25 records of each wall of fold 9; 100 of fold 10 gave intervals above chance for both."""
    statements = read_statement_labels(ptbxl_root)
    found = saliency.walls(ptbxl.labeled().in_folds(9), statements, released.load().probabilities, count=25)
    assert all(wall.share.value > wall.chance for wall in found), saliency.table(found)


def test_the_figure_has_a_panel_per_wall_and_says_the_shares(sample, statements):
    found = saliency.walls(sample, statements, looks_at("V2"), n_bootstrap=20)
    figure = attribution_by_lead(found)
    assert [axis.get_title() for axis in figure.axes] == [f"{name} infarction, 6 records" for name in saliency.WALLS]
    assert "anterior: 1.000" in alt_text.alt_text(figure)
