"""Runs every shell line and compiles every C block of Markdown files, and checks each base.conf in them. Prints TAP.

A line is run as it stands, but for the place of things: the VM at 127.0.0.1:8888 is a server of the test's own, a server
that a line starts takes a free port and is ended once it listens, the suites are the repository's own, and what is built
is installed in a folder of the test. What cannot be run here says so.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

REPOSITORY = os.getcwd()
COMMAND = os.path.abspath(os.environ["EXTVM"])
TIMEOUT = 120  # seconds for one line

# Lines that are not run here, and why.
ELSEWHERE = {
    r"^apt-get ": "it changes the machine",
    r"^make (deb|deps)\b": "it changes the machine",
}


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def verdict(self, works, sentence, shown=""):
        self.count += 1
        self.failed += not works
        print("%s %d - %s" % ("ok" if works else "not ok", self.count, sentence))
        if not works:
            print("".join("# %s\n" % line for line in shown.splitlines()), end="", flush=True)

    def skip(self, sentence, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, sentence, why))


def blocks(path):
    """The fenced blocks of a file: line number, language, text."""
    found, start = [], None
    for number, line in enumerate(open(path).read().split("\n"), 1):
        if line.startswith("```"):
            if start is None:
                start, language, text = number, line[3:].strip(), []
            else:
                found.append((start, language, "\n".join(text) + "\n"))
                start = None
        elif start is not None:
            text.append(line)
    assert start is None, "%s:%d: a block is not closed" % (path, start)
    return found


def shell_lines(text):
    """The lines, those joined that end in a backslash; no comments."""
    joined = text.replace("\\\n", " ")
    return [line for line in joined.split("\n") if line.strip() and not line.startswith("#")]


class Place:
    """A folder where the lines are run, with a VM server and an installed library."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.work = os.path.join(self.folder, "work")
        os.mkdir(self.work)
        for name in ("examples", "conf", "tests", "build", "include", "docs"):
            os.symlink(os.path.join(REPOSITORY, name), os.path.join(self.work, name))
        root = os.path.join(self.folder, "root")
        subprocess.run(["make", "-s", "install", "PREFIX=" + root], check=True, capture_output=True)
        os.environ["PKG_CONFIG_PATH"] = os.path.join(root, "lib", "pkgconfig")
        os.environ["LD_LIBRARY_PATH"] = os.path.join(root, "lib")
        os.environ["PATH"] = os.path.dirname(COMMAND) + ":" + os.environ["PATH"]
        # What the text has ready: a contract to deploy.
        subprocess.run([COMMAND, "iele", "assemble", "examples/token.iele", "-o", os.path.join(self.work, "contract.iele.bin")],
                       check=True)
        self.server, self.address = self.serve([COMMAND, "serve", "--listen", "127.0.0.1:0"])

    def serve(self, command, shell=False):
        """Starts a server; returns it and its address, or None when it does not listen."""
        server = subprocess.Popen(command, shell=shell, cwd=self.work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  start_new_session=True)
        line = server.stdout.readline()
        return server, line[len("listening on "):].strip() if line.startswith("listening on ") else None

    def run_server(self, line):
        """A line that is a server: whether it listens, and ends cleanly when it is asked to."""
        server, address = self.serve("exec " + line, shell=True)
        server.send_signal(signal.SIGTERM)
        status = server.wait(TIMEOUT)
        return address is not None and status == 0, "listens at %s, exit status %d" % (address, status)

    def run(self, line):
        here = REPOSITORY if line.startswith("make ") else self.work
        try:
            done = subprocess.run(line, shell=True, cwd=here, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired as late:
            return False, "%s: it takes longer than %d s" % (line, late.timeout)
        return done.returncode == 0, "%s: exit status %d\n%s" % (line, done.returncode, done.stdout[-2000:])

    def leave(self):
        self.server.terminate()
        self.server.wait(TIMEOUT)
        shutil.rmtree(self.folder)


def as_here(line, place):
    line = re.sub(r"\bbuild/extvm\b", "extvm", line)
    line = re.sub(r"\.\./shared/vectors/ethereum-state-tests\b", "tests/statetest/own_cases.json", line)
    line = re.sub(r"\.\./shared/vectors/iele-tests\b", "tests/ieletest/own_cases.json", line)
    if re.match(r"(\S+=\S+ )*extvm serve\b", line):
        return re.sub(r"127\.0\.0\.1:8888\b", "127.0.0.1:0", line)
    return re.sub(r"127\.0\.0\.1:8888\b", place.address, line)


def check_line(tap, place, commands, where, line):
    sentence = "%s: %s" % (where, line.replace("#", "\\#"))
    command = re.search(r"\bextvm ([a-z]+)\b", line)
    elsewhere = [why for pattern, why in ELSEWHERE.items() if re.search(pattern, line)]
    if elsewhere:
        tap.skip(sentence, elsewhere[0])
    elif command and command.group(1) not in commands:
        tap.skip(sentence, "this program has no command " + command.group(1))
    else:
        changed = as_here(line, place)
        is_server = re.match(r"(\S+=\S+ )*extvm serve\b", changed)
        tap.verdict(*(lambda result: (result[0], sentence, result[1]))(place.run_server(changed) if is_server else place.run(changed)))


def check_c(tap, place, where, text):
    source = os.path.join(place.folder, "block.c")
    open(source, "w").write(text)
    done = subprocess.run(["gcc", "-std=c17", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes",
                           "-Wmissing-prototypes", "-Werror", "-Iinclude", "-c", "-o", source + ".o", source],
                          capture_output=True, text=True)
    tap.verdict(done.returncode == 0, "%s: the C block compiles" % where, done.stderr)


def check_conf(tap, place, where, text):
    path = os.path.join(place.folder, "base.conf")
    open(path, "w").write(text)
    done = subprocess.run([COMMAND, "config", "check", path], capture_output=True, text=True)
    tap.verdict(done.returncode == 0, "%s: the base.conf is right" % where, done.stderr)


def main():
    tap = Tap()
    overview = subprocess.run([COMMAND, "help"], capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^  ([a-z]+) ", overview, re.M)) | {"help"}
    place = Place()
    for variable in ("EXTVM_CONFIG", "EXTVM_VM_TYPE", "EXTVM_HOST", "EXTVM_PORT"):
        os.environ.pop(variable, None)
    try:
        for path in sys.argv[1:]:
            for number, language, text in blocks(path):
                where = "%s:%d" % (path, number)
                if language == "sh":
                    for line in shell_lines(text):
                        check_line(tap, place, commands, where, line)
                elif language == "c":
                    check_c(tap, place, where, text)
                elif re.match(r"vm\s*\{", text):
                    check_conf(tap, place, where, text)
                elif language not in ("", "text"):
                    tap.verdict(False, "%s: a block of the language %s" % (where, language), "nothing tests such blocks")
                elif re.search(r"^(\$ |extvm |build/extvm |make |cc |gcc )", text, re.M):
                    tap.verdict(False, "%s: shell lines in a block that is not sh" % where)
    finally:
        place.leave()
    print("1..%d" % tap.count)
    return 1 if tap.failed else 0


sys.exit(main())
