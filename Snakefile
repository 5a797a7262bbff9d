# The study's order: records -> trainings -> chapters -> summary -> results chapter -> book.
# `ecglib reproduce --profile full` runs it; more seeds are one line of config/<profile>.yml, a cluster is
# Snakemake's own --executor.
import sys
from pathlib import Path

from ecglib.study import open_study

STUDY = open_study(config.get("profile", "sample"))
PROFILE, PATHS = STUDY.settings.name, STUDY.paths
HERE = Path.cwd()
ECGLIB = f'"{sys.executable}" -m ecglib'

# chapter -> models whose results it writes; the results chapter comes last and writes none
CHAPTERS = {
    "01_dataset": [],
    "02_base_cnn": ["base_cnn"],
    "03_inception_cnn": ["inception_cnn", "inception_cnn_replay", "inception_cnn_int8"],
    "04_pruning": [
        "base_cnn_pruning_replay",
        *(f"base_cnn_pruned_magnitude_{level}" for level in (50, 80, 90, 95)),
        *(f"base_cnn_pruned_channels_{share}" for share in (25, 50, 60, 75)),
        "base_cnn_pruned_int8",
    ],
    "05_quantization": ["quantization_replay", "base_cnn_int8", "student_int8"],
    "06_distillation": ["student_replay", "distillation_replay", "student", "student_distilled", "student_distilled_int8"],
    "08_deployment": ["student_micro", "student_micro_64k"],
}
# chapter -> further trainings that it loads: candidates that it compares on fold 9, and what it compresses
LOADS = {
    "02_base_cnn": ["base_cnn_plain", "base_cnn_augmented"],
    "03_inception_cnn": ["inception_cnn_plain"],
    "04_pruning": ["base_cnn", "pruning_replay", "pruning_replay_mended"],
    "05_quantization": ["base_cnn", "student"],
    "06_distillation": [
        "pruning_replay_mended",
        *(name for name in STUDY.settings.training if "_trial" in name),
        *dict.fromkeys(name for settings in STUDY.settings.training.values() for name in settings.teacher_names),
    ],
    "08_deployment": ["student_distilled", "student_small"],
}
# chapter -> chapters whose results it reads
READS = {
    "03_inception_cnn": ["02_base_cnn"],
    "05_quantization": ["02_base_cnn", "04_pruning"],
    "06_distillation": ["02_base_cnn"],
    "08_deployment": ["06_distillation"],
}
RESULTS_CHAPTER = "07_results"
MODELS = [model for models in CHAPTERS.values() for model in models]

PACKAGE = [path for path in Path("ecglib").glob("*.py") if path.stem not in ("cli", "book", "synthetic", "download")]
PAGES = [*Path("book").glob("*.md"), *Path("book/_static").glob("*"), *Path("book/browser").glob("*"), Path("book/references.bib"), Path("_config.yml"), Path("_toc.yml")]


def local(path):
    """Paths inside the checkout are given relative to it, as Snakemake prints and records them."""
    path = Path(path)
    return str(path.relative_to(HERE)) if path.is_relative_to(HERE) else str(path)


def trained(wildcards):
    """The finished trainings that a chapter loads."""
    return [
        local(PATHS.artifacts / model / f"seed{seed}.done")
        for model in CHAPTERS[wildcards.chapter] + LOADS.get(wildcards.chapter, [])
        for seed in STUDY.settings.seeds.get(model, [])
    ]


def chapter_file(name):
    return local(PATHS.executed / f"{name}.ipynb")


EXECUTED = [chapter_file(name) for name in [*CHAPTERS, RESULTS_CHAPTER]]


rule all:
    input:
        local(PATHS.build / "html" / "index.html"),


wildcard_constraints:
    chapter="|".join(CHAPTERS),
    seed=r"\d+",


if PROFILE == "full":

    rule publish:
        # only when every chapter stands: a failing one leaves the committed chapters as they are
        input:
            EXECUTED,
        output:
            touch(local(PATHS.build / "published.done")),
        shell:
            "{ECGLIB} publish"


rule book:
    input:
        rules.publish.output if PROFILE == "full" else EXECUTED,
        [str(page) for page in PAGES],
        "ecglib/book.py",
    output:
        local(PATHS.build / "html" / "index.html"),
    shell:
        "{ECGLIB} book --profile {PROFILE}"


if PROFILE == "sample":

    rule sample_records:
        input:
            "ecglib/synthetic.py",
        output:
            local(PATHS.data / "ptbxl_database.csv"),
        shell:
            "{ECGLIB} sample"


rule read_records:
    input:
        local(PATHS.data / "ptbxl_database.csv"),
    output:
        touch(local(PATHS.build / "records.done")),
    shell:
        "{ECGLIB} read --profile {PROFILE}"


def needed_first(wildcards):
    """The finished trainings that a training needs: the one whose weights it begins with, and its teachers'."""
    settings = STUDY.settings.training[wildcards.model]
    needed = [(settings.start, wildcards.seed)] if settings.start else []
    needed += [(teacher, seed) for teacher in settings.teacher_names for seed in STUDY.settings.seeds[teacher]]
    return [local(PATHS.artifacts / model / f"seed{seed}.done") for model, seed in needed]


rule train:
    input:
        rules.read_records.output,
        needed_first,
    params:
        settings=lambda wildcards: str(STUDY.settings.training[wildcards.model]),
    output:
        # the run's own folder is not an output: Snakemake would delete what a stopped training goes on from
        touch(local(PATHS.artifacts / "{model}" / "seed{seed}.done")),
    threads: max(1, workflow.cores // 2)  # two at a time take less time than one after the other
    shell:
        "{ECGLIB} train {wildcards.model} --seed {wildcards.seed} --profile {PROFILE}"


rule chapter:
    input:
        rules.read_records.output,
        trained,
        lambda wildcards: [chapter_file(name) for name in READS.get(wildcards.chapter, [])],
        [str(module) for module in PACKAGE],
        source="notebooks/{chapter}.py",
    params:
        resamples=STUDY.settings.resamples,
        repeats=STUDY.settings.repeats,
    output:
        chapter_file("{chapter}"),
    threads: workflow.cores
    shell:
        "{ECGLIB} execute {input.source} --profile {PROFILE}"


rule summary:
    input:
        [chapter_file(name) for name in CHAPTERS],
    output:
        local(PATHS.results / "summary.csv"),
    shell:
        "{ECGLIB} summary {MODELS} --profile {PROFILE}"


rule results_chapter:
    input:
        rules.summary.output,
        [str(module) for module in PACKAGE],
        source=f"notebooks/{RESULTS_CHAPTER}.py",
    output:
        chapter_file(RESULTS_CHAPTER),
    threads: workflow.cores
    shell:
        "{ECGLIB} execute {input.source} --profile {PROFILE}"
