# The study's order: records -> trainings -> chapters -> summary -> results chapter -> book.
# Models, seeds and chapters are declared in config/models.yml; `ecglib reproduce` runs this file.
import ast
import sys
from pathlib import Path

from ecglib.study import resources as measured, speeds, workflow as study_workflow
from ecglib.study.study import open_study

STUDY = open_study(config.get("profile", "sample"), seeds=config.get("seeds"))
PATHS, REGISTRY = STUDY.paths, STUDY.settings.registry
PROFILE = f"--profile {STUDY.settings.name}" + (f" --seeds {config['seeds']}" if config.get("seeds") else "")
ECGLIB = f'"{sys.executable}" -m ecglib'
# glibc and torch then keep freed memory, in large pages; else clearing new ones takes a quarter of a step (measured)
TRAIN = f"MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8000000000 THP_MEM_ALLOC_ENABLE=1 {ECGLIB} train"
ELSEWHERE = [name for name, chapter in REGISTRY.chapters.items() if chapter.sample_only and STUDY.settings.name == "full"]
CHAPTERS = [name for name in REGISTRY.chapters if not REGISTRY.chapters[name].results_only and name not in ELSEWHERE]
RESULTS_CHAPTERS = [name for name, chapter in REGISTRY.chapters.items() if chapter.results_only]
PAGES = [str(page) for page in sorted(Path("book").rglob("*.*")) if not {"chapters", "__pycache__"} & {*page.parts}]


def local(path):
    """A path relative to the checkout if it is inside, because Snakemake prints and records paths."""
    path, here = Path(path), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def executed(name):
    return local(study_workflow.executed_chapter(STUDY, name))


def done(model, seed):
    return local(PATHS.artifacts / model / f"seed{seed}.done")


def done_all(models):
    return [done(model, seed) for model in models for seed in STUDY.settings.seeds[model]]


def modules(*sources):
    """The files of `ecglib` and `ecgpredict` that these files import, directly or through each other, sorted."""
    imported, waiting = set(), [PATHS.root / source for source in sources]
    while waiting:
        names = []
        for node in ast.walk(ast.parse(waiting.pop().read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
        folders = [PATHS.root.joinpath(*name.split(".")) for name in names]
        files = {path for folder in folders for path in (folder.with_suffix(".py"), folder / "__init__.py")}
        new = {path for path in files - imported if path.is_file()}
        imported |= new
        waiting += new
    return [local(path) for path in sorted(imported)]


RESOURCES = measured.load(PATHS.root / "config" / "resources.yml")
ON_CLUSTER = bool(config.get("cluster"))


def threads(rule, here):
    """Cores of a job: as measured on a cluster, and `here` on this machine."""
    return RESOURCES.rules[rule]["threads"] if ON_CLUSTER else here


def memory(rule):
    """MB of a job, more with each attempt; a cluster ends a job that takes more."""
    return lambda wildcards, attempt: attempt * RESOURCES.rules[rule]["mem_mb"]


rule all:
    input:
        local(PATHS.build / "html" / "index.html"),


# a cluster is not asked for the work of seconds
localrules:
    all,
    book,
    summary,


wildcard_constraints:
    chapter="|".join(REGISTRY.chapters),
    model="|".join(STUDY.settings.training),
    seed=r"\d+",


if STUDY.settings.name == "full":

    localrules:
        publish,

    rule publish:
        # only when every chapter is executed: a failing one leaves the committed files unchanged
        input:
            [executed(name) for name in REGISTRY.chapters],
        output:
            touch(local(PATHS.build / "published.done")),
        shell:
            "{ECGLIB} publish"


rule book:
    input:
        rules.publish.output if STUDY.settings.name == "full" else [executed(name) for name in REGISTRY.chapters],
        PAGES,
        "_config.yml",
        "_toc.yml",
        modules("ecglib/book/book.py"),
    output:
        local(PATHS.build / "html" / "index.html"),
    shell:
        "{ECGLIB} book {PROFILE}"


if STUDY.settings.n_records:

    localrules:
        sample_records,

    rule sample_records:
        input:
            "ecglib/data/synthetic.py",
            "ecgpredict/synthetic_ecg.py",
        params:
            records=STUDY.settings.n_records,
        output:
            local(PATHS.data / "ptbxl_database.csv"),
        shell:
            "{ECGLIB} sample {PROFILE}"


rule read_records:
    input:
        local(PATHS.data / "ptbxl_database.csv"),
    output:
        touch(local(PATHS.build / "records.done")),
    threads: threads("read_records", 1)
    resources:
        mem_mb=memory("read_records"),
        runtime=RESOURCES.minutes("read_records"),
    shell:
        "{ECGLIB} read {PROFILE}"


if STUDY.settings.batch_trainings:

    # one process trains all models of a framework, so that jobs do not spend most of their time on imports
    for number, batch in enumerate(study_workflow.batches(STUDY.settings)):

        rule:
            name:
                f"train_batch_{number}"
            input:
                rules.read_records.output,
                done_all(study_workflow.needed_by(STUDY.settings, batch)),
            params:
                settings=[str(STUDY.settings.training[model]) for model in batch],
                models=" ".join(batch),
            output:
                [touch(path) for path in done_all(batch)],
            threads: threads("train", max(1, workflow.cores // 2))
            resources:
                mem_mb=memory("train"),
                runtime=sum(RESOURCES.minutes("train", model) for model in batch),
            shell:
                "{TRAIN} {params.models} {PROFILE}"

else:

    rule train:
        input:
            rules.read_records.output,
            lambda wildcards: [
                done(model, seed)
                for model, seed in study_workflow.needed_runs(STUDY.settings, wildcards.model, int(wildcards.seed))
            ],
        params:
            settings=lambda wildcards: str(STUDY.settings.training[wildcards.model]),
        output:
            # the run's own folder is not an output: Snakemake would delete the files that a training resumes from
            touch(local(PATHS.artifacts / "{model}" / "seed{seed}.done")),
        # two trainings in parallel take less time than in sequence
        threads: threads("train", max(1, workflow.cores // 2))
        resources:
            mem_mb=memory("train"),
            runtime=lambda wildcards: RESOURCES.minutes("train", wildcards.model),
        shell:
            "{TRAIN} {wildcards.model} --seed {wildcards.seed} {PROFILE}"


rule chapter:
    input:
        rules.read_records.output,
        lambda wildcards: done_all(study_workflow.trained_models(STUDY.settings, wildcards.chapter)),
        lambda wildcards: [executed(name) for name in REGISTRY.chapters[wildcards.chapter].reads],
        lambda wildcards: modules(f"notebooks/{wildcards.chapter}.py", "ecglib/book/chapters.py"),
        source="notebooks/{chapter}.py",
    params:
        n_bootstrap=STUDY.settings.n_bootstrap,
        n_timing_runs=STUDY.settings.n_timing_runs,
        int8=str(REGISTRY.int8),
    output:
        local(PATHS.executed / "{chapter}.ipynb"),
    # a chapter of the full profile runs alone, because its latencies are results
    threads: threads("chapter", workflow.cores if STUDY.settings.name == "full" else 1)
    resources:
        mem_mb=memory("chapter"),
        runtime=lambda wildcards: RESOURCES.minutes("chapter", wildcards.chapter),
        slurm_extra="--exclusive" if STUDY.settings.name == "full" else "",
    shell:
        "{ECGLIB} execute {input.source} --alone {PROFILE}"


for name in ELSEWHERE:

    # run by the other profile's own workflow, which makes its records and trainings first
    rule:
        name:
            f"{name}_on_the_sample"
        input:
            modules(f"notebooks/{name}.py"),
            source=f"notebooks/{name}.py",
        output:
            executed(name),
        threads: threads("sample_study", workflow.cores)
        resources:
            mem_mb=memory("sample_study"),
            runtime=RESOURCES.minutes("sample_study"),
        shell:
            "{ECGLIB} execute {input.source} --profile {study_workflow.SAMPLE} --cores {threads}"


rule summary:
    input:
        [executed(name) for name in CHAPTERS],
    output:
        local(PATHS.results / "summary.csv"),
        local(PATHS.results / speeds.NAME),
    shell:
        "{ECGLIB} summary {PROFILE}"


use rule chapter as results_chapter with:
    wildcard_constraints:
        chapter="|".join(RESULTS_CHAPTERS) or "none",
    input:
        rules.summary.output,
        lambda wildcards: modules(f"notebooks/{wildcards.chapter}.py"),
        source="notebooks/{chapter}.py",
    output:
        local(PATHS.executed / "{chapter}.ipynb"),


ruleorder: results_chapter > chapter
