"""A process that trains nothing waits for no framework: each job of the Snakefile and each kernel is a new process."""

import subprocess
import sys

import pytest

# seconds that their imports take on a slow processor: torch 2, TensorFlow 9
FRAMEWORKS = {"torch", "tensorflow", "keras"}


@pytest.mark.parametrize(
    "module, needed",
    [
        ("ecglib.study.workflow", set()),  # imports study.study; the Snakefile, and every command of the study
        ("ecglib.training.scoring", {"torch"}),  # chapters score networks and train none
    ],
)
def test_what_does_not_train_imports_no_training(module, needed):
    code = f"import sys, {module}; print(*({FRAMEWORKS} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == needed
