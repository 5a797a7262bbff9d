"""One run of a profile at a time."""

import pytest
from filelock import FileLock

from ecglib.study import workflow
from ecglib.study.paths import Paths
from ecglib.study.profile import load_profile
from ecglib.study.study import Study
from ecgpredict.errors import InputError


def test_a_second_run_of_a_profile_is_refused(project, tmp_path):
    study = Study(load_profile(project / "config" / "sample.yml"), Paths("sample", tmp_path))
    study.paths.build.mkdir(parents=True)
    with FileLock(study.paths.build / "reproduce.lock"), pytest.raises(InputError, match="in progress"):
        workflow.run(study)
