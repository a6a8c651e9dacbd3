# SPDX-License-Identifier: GPL-2.0-or-later
"""fault.py - one fault: the run that it happens to, the moment, and whether the run was true to what it stored."""
import os
import re
import resource
import signal
import subprocess
import time

import stored


class Failure(Exception):
    """A fault that was not survived."""

    folder = "(none)"


class Skip(Exception):
    """A fault that cannot be made here; is_for_all: nor can the others of its kind."""

    def __init__(self, why, is_for_all=True):
        super().__init__(why)
        self.is_for_all = is_for_all


# What a run may take once the fault is over, also on a machine with much else to do.
END_S = 300
# A run that ends before its fault is begun again.
TRIES = 12


class Run:
    """A memcgbench that was started."""

    def __init__(self, process, results, out, err):
        self.process = process
        self.pid = process.pid
        self.results = results
        self.out_path = out
        self.err_path = err

    def is_alive(self):
        return self.process.poll() is None

    def status(self):
        """As in a shell: 128 and the signal that ended it."""
        code = self.process.returncode
        return code if code >= 0 else 128 - code

    def err(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def out(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def folders(self):
        return stored.folders(self.results)


class Fault:
    def __init__(self, world, kind, number, rng):
        self.world = world
        self.kind = kind
        self.number = number
        self.rng = rng
        self.nr_runs = 0
        self.own_in_tmp = set()
        self.folder = os.path.join(world.scratch, f"{kind}-{number}")
        os.makedirs(self.folder)
        world.note_zrams()

    # --- runs ---

    def start(self, words, verb="run", results=None, limits=(), env=None, before=()):
        """Start `memcgbench VERB WORDS` behind the words @before; @limits: pairs for setrlimit()."""
        self.nr_runs += 1
        base = os.path.join(self.folder, str(self.nr_runs))
        command = [*before, self.world.memcgbench, verb, *words]
        if verb == "run":
            results = results or base
            command += ["-o", results]

        def become():
            for what, value in limits:
                resource.setrlimit(what, (value, value))

        with open(base + ".out", "wb") as out, open(base + ".err", "wb") as err, open(base + ".command", "w", encoding="utf-8") as note:
            note.write(" ".join(command) + "\n")
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.folder, process_group=0,
                                       env={**os.environ, **(env or {})}, preexec_fn=become if limits else None)
        return Run(process, results, base + ".out", base + ".err")

    def wait(self, run, seconds=END_S):
        try:
            run.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"memcgbench has not ended {seconds} s later: {self.world.describe_processes()}") from None

    def read_verb(self, *words):
        """Run another verb of memcgbench to its end: status, standard output, standard error."""
        done = subprocess.run([self.world.memcgbench, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              cwd=self.folder, timeout=END_S, check=False)
        return done.returncode, done.stdout, done.stderr

    def strike(self, start, seconds, blow):
        """
        Runs by @start until @blow(run), at a random moment of the @seconds that one takes, says that it has struck. Returns that run, not
        yet waited for; run.before: what it had stored until then.
        """
        for _ in range(TRIES):
            run = start()
            # One in four while it begins, of which there is little.
            time.sleep(self.rng.uniform(0, self.rng.choice([seconds, seconds, seconds, min(seconds, 0.05)])))
            run.before = stored.read_samples(run.results)
            if blow(run):
                return run
            self.wait(run)
            seconds *= 0.8
        raise Skip("the run always ended before it could be struck", is_for_all=False)

    # --- processes of a run ---

    def find(self, run, who):
        """The pid of memcgbench, of its runner, of one of the runner's workers, of a QEMU; waits for it while memcgbench lives. None: gone."""
        while run.is_alive():
            pids = self.find_now(run.pid, who)
            if pids:
                return self.rng.choice(pids)
            time.sleep(0.0005)
        return None

    def find_now(self, pid, who):
        if who == "memcgbench":
            return [pid]
        if who == "qemu":
            # Not the one that is asked for its version.
            return [child for child in self.world.children(pid) if b"\0-kernel\0" in self.world.command(child)]
        children = self.world.children(pid, "memcgbench-runn")
        if who == "worker":
            return [worker for runner in children for worker in self.world.children(runner)]
        return children

    def send(self, pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def pause(self, pid):
        """Stopped for a while, like ^Z and fg."""
        if not self.send(pid, signal.SIGSTOP):
            return False
        time.sleep(self.rng.uniform(0.02, 1.0))
        return self.send(pid, signal.SIGCONT)

    # --- judging ---

    def judge(self, run, wanted, may_be_torn=False, most_lines=8):
        """
        Has the run ended in a way that is among @wanted, pairs of exit status and status in run.json (None: no run was stored)? And is what
        it stored whole? Returns the word for the report.
        """
        folders = run.folders()
        if len(folders) > 1:
            raise Failure(f"{len(folders)} runs in the folder of one")
        status = stored.status(folders[0]) if folders else None
        words = f"exit status {run.status()}, run.json says {status}"
        if (run.status(), status) not in wanted:
            raise Failure(f"{words}; wanted one of {wanted}; it said: {run.err().strip() or 'nothing'}")
        self.judge_words(run, most_lines)
        for folder in folders:
            self.judge_stored(folder, getattr(run, "before", b""), may_be_torn, run.status() == 137)
        return f"{status or 'nothing stored'}/{run.status()}"

    def judge_words(self, run, most_lines=8):
        """It failed: then it said why, in a few words of its own."""
        text = run.err()
        if re.search(r"AddressSanitizer|LeakSanitizer|runtime error|Assertion|Segmentation|core dumped|Traceback", text):
            raise Failure(f"it said: {text}")
        if 0 < run.status() < 128 and not text.strip():
            raise Failure(f"exit status {run.status()} without a word")
        if len(text.splitlines()) > most_lines:
            raise Failure(f"{len(text.splitlines())} lines on standard error: {text}")

    def judge_stored(self, folder, before=b"", may_be_torn=False, was_killed=False):
        problems = stored.check(folder, before, may_be_torn, was_killed)
        if not problems and os.path.exists(os.path.join(folder, "run.json")):
            problems = self.judge_reading(folder)
        if problems:
            raise Failure(f"{os.path.basename(folder)}: " + "; ".join(problems))

    def judge_reading(self, folder):
        """What was stored still reads, and all of it: as many blocks as there are samples of."""
        code, out, err = self.read_verb("overhead", "--json", folder)
        want = stored.whole_blocks(folder)
        if not want or not stored.is_live(folder):
            return [] if code in (0, 6) else [f"overhead of it: exit status {code}: {err.strip()}"]
        if code:
            return [f"{want} whole blocks are stored, and overhead of it: exit status {code}: {err.strip()}"]
        got = stored.blocks_of_table(out)
        return [] if got == want else [f"{want} whole blocks are stored, and its table has {got}"]
