"""Types into a shell on a terminal of its own, as a user would, and prints what the shell shows.

shell_keys.py SECONDS SHELL [ARGUMENT...] <KEYS

Each line of KEYS is typed with Enter after it when the shell shows its prompt: "\\t" is Tab, "\\x01" Ctrl-A and so on. It
takes at most SECONDS.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

PROMPT = b"ready> "


def read_until(terminal, mark, deadline):
    """What is shown up to the mark and what came with it."""
    shown = b""
    while mark not in shown:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            sys.exit("the shell did not show %r in time, only: %r" % (mark, shown))
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            sys.exit("the shell ended after: %r" % shown)
    return shown


def main():
    deadline = time.monotonic() + float(sys.argv[1])
    process, terminal = pty.fork()
    if process == 0:
        os.environ["PS1"] = PROMPT.decode()
        os.environ["TERM"] = "dumb"
        os.execvp(sys.argv[2], sys.argv[2:])
    # Wide and high enough that nothing is folded, and no list is too long to be shown.
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 500, 300, 0, 0))
    read_until(terminal, PROMPT, deadline)
    for number, line in enumerate(sys.stdin.read().splitlines()):
        keys = re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found.group(1), 16)), line).replace("\\t", "\t")
        # The mark as it is typed has quotes in it: only what is printed has none.
        os.write(terminal, keys.encode() + b"\recho 'mark''%d'.\r" % number)
        shown = read_until(terminal, b"mark%d." % number, deadline)
        after = shown[shown.index(b"mark%d." % number):]
        if PROMPT not in after:
            shown += read_until(terminal, PROMPT, deadline)
        sys.stdout.write(re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[=>])", "", shown.decode(errors="replace")).replace("\r", ""))
    os.write(terminal, b"exit\r")
    os.waitpid(process, 0)


main()
