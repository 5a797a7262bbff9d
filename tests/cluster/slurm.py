"""A real Slurm on this machine for the tests: one controller and two nodes, each a slurmd with its own port and spool.

It has its own munge key and socket and free ports. Only its configuration is outside its folder: jobs read it from
/etc/slurm. `stop` ends what was started here and nothing else: jobs are recognized by their ids, which start at a
random number.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

CONFIGURATION = Path("/etc/slurm/slurm.conf")
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel", "scontrol", "srun")
NODES = ("ecg1", "ecg2")
MARK = "# written by ECG Under a Megabyte's tests"
CONF = """{mark}
ClusterName=ecgtests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmdParameters=config_overrides
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=3600
FirstJobId={first}
SlurmdTimeout=300
KillWait=2
NodeName={names[0]} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=16000 State=UNKNOWN
NodeName={names[1]} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=16000 State=UNKNOWN
PartitionName=cpu Nodes={names[0]},{names[1]} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why Slurm cannot be started here, or nothing."""
    if absent := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"Slurm is not installed: no {', '.join(absent)}"
    if os.geteuid() != 0:
        return "only root can start Slurm's daemons"
    if CONFIGURATION.is_file() and MARK not in CONFIGURATION.read_text():
        return f"another Slurm is configured in {CONFIGURATION}"
    return ""


class Slurm:
    """A controller and two nodes; `folder` holds their state and logs."""

    def __init__(self, folder: Path):
        self.folder, self.daemons = folder, {}
        self.first = random.randrange(1_000_000, 60_000_000)
        self.started = time.time()

    def start(self) -> None:
        """Start the daemons and wait until both nodes are idle."""
        self.folder.mkdir(parents=True)
        (self.folder / "state").mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            ports = [one.getsockname()[1] for one in sockets]
        CONFIGURATION.parent.mkdir(exist_ok=True)
        CONFIGURATION.write_text(
            CONF.format(
                mark=MARK, host=socket.gethostname(), folder=self.folder, ports=ports, names=NODES, first=self.first
            )
        )
        names = ("socket", "seed-file", "pid-file", "log-file")
        files = [f"--{name}={self.folder / f'munge.{name}'}" for name in names]
        self._daemon("munged", "munged", "--foreground", "--force", f"--key-file={key}", *files)
        self.wait_until(lambda: (self.folder / "munge.socket").exists(), 10)
        self.start_controller()
        for name in NODES:
            self.start_node(name)
        self.wait_until(lambda: set(self.states().values()) == {"idle"}, 60)

    def stop(self) -> None:
        """End the jobs and the daemons that were started here."""
        for process in self.job_processes():
            _kill(process)
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        CONFIGURATION.unlink(missing_ok=True)

    def start_controller(self) -> None:
        self._daemon("slurmctld", "slurmctld", "-D")
        self.wait_until(lambda: "UP" in self.ask("scontrol", "ping"), 30)

    def stop_controller(self) -> None:
        """End the controller as a restart does; it saves its state."""
        self.daemons["slurmctld"].terminate()
        self.daemons.pop("slurmctld").wait()

    def start_node(self, name: str) -> None:
        self._daemon(name, "slurmd", "-D", "-N", name)

    def kill_node(self, name: str) -> None:
        """What a power cut does: the node's daemon and every process of its jobs end, and the controller notices."""
        self._kill_daemon(name)
        for job in self.jobs(node=name):
            for process in self.job_processes(job):
                _kill(process)
        self.ask("scontrol", "update", f"NodeName={name}", "State=DOWN", "Reason=killed")

    def jobs(self, *options: str, node: str = "") -> list[int]:
        """Ids of the running jobs."""
        where = ["--nodelist", node] if node else []
        found = self.ask("squeue", "--noheader", "--states=RUNNING", "--format=%A", *where, *options)
        return [int(line) for line in found.split()]

    def node_of(self, job: int) -> str:
        return self.ask("squeue", "--noheader", f"--jobs={job}", "--format=%N").strip()

    def rules(self, state: str = "all") -> list[tuple[int, str]]:
        """Jobs in a state with the rules, or groups, that Snakemake gives them as comments."""
        found = self.ask("squeue", "--noheader", f"--states={state}", "--format=%A %k").splitlines()
        return [(int(job), rule) for job, _, rule in (line.partition(" ") for line in found)]

    def states(self) -> dict[str, str]:
        """{node: its state}"""
        lines = self.ask("sinfo", "--noheader", "--Node", "--format=%N %t").splitlines()
        return dict(line.split() for line in lines)

    def job_processes(self, job: int | None = None) -> list[psutil.Process]:
        """Processes of a job, or of every job of this Slurm."""
        found = []
        for process in psutil.process_iter(["cmdline", "create_time"]):
            line = " ".join(process.info["cmdline"] or [])
            number = line.removeprefix("slurmstepd: [").partition(".")[0]
            mine = number.isdigit() and self.first <= int(number) < self.first + 100_000
            if mine and process.info["create_time"] > self.started and job in (None, int(number)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    found += [process, *process.children(recursive=True)]
        return found

    def wait_until(self, condition, seconds: float) -> None:
        """Wait for a condition, asked four times a second; the logs' ends are the message if it does not come true."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = [f"{path.name}:\n{path.read_text()[-1500:]}" for path in sorted(self.folder.glob("*.log"))]
                raise TimeoutError("\n\n".join([f"not after {seconds:g} s", *logs]))
            time.sleep(0.25)

    def ask(self, *command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True).stdout

    def _daemon(self, name: str, *command: str) -> None:
        with open(self.folder / f"{name}.out.log", "ab") as log:
            self.daemons[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def _kill_daemon(self, name: str) -> None:
        self.daemons[name].send_signal(signal.SIGKILL)
        self.daemons.pop(name).wait()


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
