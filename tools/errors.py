#!/usr/bin/env python3
"""Makes docs/errors.md of the source: every error text that the library and the command can print.

tools/errors.py >docs/errors.md

A text is what the calls below are given. A value in it is shown as …; text that a call is given in pieces (a condition, a
word that is put in) is shown in each form.
"""
import glob
import re
import sys

# The functions that take a text, and its place among their arguments. `name:file`: a function of one file.
TEXTS = {
    "error_set": 2,
    "error_no_memory": 1,
    "complain": 2,
    "assembly_fail": 2,
    "state_fail": 2,
    "accounts_fail": 2,
    "fail_for_world:src/ielevm/accounts.c": 1,
    "fail_for_world:src/evm/account_state.c": 1,
    "refuse:src/common/config_read.c": 3,
    "refuse:src/spawn/child.c": 1,
    "reject:src/common/verify.c": 2,
    "malformed:src/common/result_read.c": 0,
    "json_refuse_place": 1,
    "protobuf_no_memory": 1,
}

# Files where a text is returned, or put into such a variable, and handed on.
HANDED_ON = {
    "src/common/rlp.c": r"\breturn ",
    "src/common/config_text.c": r"\breturn ",
    "src/cli/run_input.c": r"\bwrong = ",
    "src/cli/statetest.c": r"\.no_case = ",
    "src/cli/ieletest.c": r"\.no_case = ",
}

# Before and after the text that such a call is given.
AROUND = {"error_no_memory": "no memory for %s", "protobuf_no_memory": "no memory for %s"}

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
CONVERSION = re.compile(r"%[-+ #0]*[0-9*]*(?:\.[0-9*]+)?(?:hh|h|ll|l|z|j|t)?[a-zA-Z]")


def arguments(source, at):
    """The arguments of the call whose parenthesis is at `at`: their texts."""
    depth, start, found, i = 0, at + 1, [], at
    while True:
        character = source[i]
        if character == '"':
            i = STRING.match(source, i).end()
            continue
        if character == "'":
            i += 4 if source[i + 1] == "\\" else 3
            continue
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0:
                return found + [source[start:i].strip()]
        elif character == "," and depth == 1:
            found.append(source[start:i].strip())
            start = i + 1
        i += 1


def pieces(argument):
    """The texts that an argument can be: one, or several with ? and : between them."""
    argument = re.sub(r"\bPRI[a-zA-Z]\d+", '""', argument).replace('%""', "%d")
    argument = re.sub(r'%"\s*""\s*"', "%d", argument)
    texts, last = [], None
    for match in STRING.finditer(argument):
        between = argument[last:match.start()] if last is not None else None
        if between is not None and between.strip() == "":
            texts[-1] += match.group(1)
        else:
            texts.append(match.group(1))
        last = match.end()
    return texts


def readable(text):
    text = CONVERSION.sub("…", text.replace("%%", "\0")).replace("\0", "%")
    text = text.replace('\\"', '"').replace("\\\\", "\\")
    return text


def status_of(call):
    statuses = {match for argument in call for match in re.findall(r"\bEXTVM_[A-Z_]+\b", argument)}
    known = [status for status in statuses if status in STATUSES]
    return known[0] if len(known) == 1 else None


def read_statuses():
    """The statuses in their order, with the first sentence that the header has on each."""
    header = open("include/extvm/status.h").read()
    body = header[header.index("typedef enum extvm_status {"):header.index("} extvm_status;")]
    found = {}
    for comment, name in re.findall(r"/\* (?!--)((?:(?!\*/).)*?) \*/\s*(EXTVM_[A-Z_]+)", body, re.S):
        found[name] = re.sub(r"\s*\n?\s+\*?\s*", " ", comment).strip()
    return found


STATUSES = read_statuses()


def collect():
    found = {}
    names = {}
    for key, place in TEXTS.items():
        name, _, where = key.partition(":")
        names.setdefault(name, []).append((where, place))
    pattern = re.compile(r"\b(%s)\(" % "|".join(names))
    for path in sorted(glob.glob("src/**/*.[ch]", recursive=True)):
        source = re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment.group(0)), open(path).read(), flags=re.S)
        for match in pattern.finditer(source):
            place = next((place for where, place in names[match.group(1)] if where in ("", path)), None)
            if place is None:
                continue
            call = arguments(source, match.end() - 1)
            if len(call) <= place or re.match(r"\s*(const|void|extvm_|struct)\b", call[0]):
                continue
            for text in pieces(call[place]):
                text = readable(AROUND.get(match.group(1), "%s").replace("%s", text))
                if re.search("[a-z]{2}", text):
                    status = status_of(call) or ("EXTVM_NO_MEMORY" if "no_memory" in match.group(1) else None)
                    found.setdefault(status, {}).setdefault(text, set()).add(path)
        for match in re.finditer(HANDED_ON.get(path, r"(?!)"), source):
            for text in pieces(source[match.end():source.index("\n", source.index(",", match.end())) if "no_case" in HANDED_ON[path]
                                      else source.index(";", match.end())]):
                if " " in text:
                    found.setdefault(None, {}).setdefault(readable(text), set()).add(path)
    return found


# The status of calls that do not name it, by the beginning of their file's path.
STATUS_OF_FILE = {
    "src/ielevm/assembl": "EXTVM_INVALID_ARGUMENT",
    "src/cli/": "EXTVM_INVALID_ARGUMENT",
    "src/common/config": "EXTVM_INVALID_ARGUMENT",
    "src/common/rlp": "EXTVM_INVALID_ARGUMENT",
    "src/common/endpoint": "EXTVM_OUT_OF_RANGE",
    "src/common/verify": "EXTVM_RESULT_REJECTED",
    "src/common/result_read": "EXTVM_MALFORMED_MESSAGE",
    "src/evm/account_state": "EXTVM_WORLD_FAILED",
    "src/spawn/child": "EXTVM_SYSTEM_ERROR",
    "src/spawn/listening": "EXTVM_INVALID_ARGUMENT",
}

# What to do, in general; many texts say more.
ADVICE = {
    "EXTVM_INVALID_ARGUMENT": "Change what the text names: it says what is allowed. Nothing was sent to a VM.",
    "EXTVM_OUT_OF_RANGE": "Change the number that the text names: it says what is allowed. Nothing was sent to a VM.",
    "EXTVM_CALLER_ABSENT": "Put the caller into the world, as it is after the gas was paid and the nonce counted up.",
    "EXTVM_CREATE_NONCE_ZERO": "Count the caller's nonce up before the call.",
    "EXTVM_ACCESS_LIST_MISSING": "Give the call an access list, which may be empty, or make it a legacy transaction.",
    "EXTVM_UNREACHABLE": "See that the VM runs and listens where the text says; of a VM that the library starts, read its last line.",
    "EXTVM_CONNECT_TIMEOUT": "Look at the network and the firewalls between; see that the VM is not overrun.",
    "EXTVM_VERSION_REJECTED": "See that it is this kind of VM, of this version, that listens there; `extvm probe` tells.",
    "EXTVM_VM_CLOSED": "Read the VM's own log. The call was run again already, as often as `call-retries` says.",
    "EXTVM_VM_CLOSED_IN_FRAME": "Read the VM's own log: it died while it wrote.",
    "EXTVM_VM_RESET": "Read the VM's own log; look at what is between, a balancer for example.",
    "EXTVM_FRAME_TOO_LARGE": "Raise `max-frame` when the result is that large; else see that it is a VM that listens there.",
    "EXTVM_MALFORMED_MESSAGE": "See which VM it is and its version; keep a trace (`--trace`) of it for those who make it.",
    "EXTVM_EMPTY_QUERY": "See which VM it is and its version.",
    "EXTVM_UNEXPECTED_MESSAGE": "See that nothing between mixes two connections; keep a trace (`--trace`).",
    "EXTVM_RESULT_REJECTED": "Do not apply anything of it. Run the call on another VM, and tell those who make this one.",
    "EXTVM_CALL_ENDS_VM": "Keep the call, and do not send it again: it ends the VM. Read the VM's own log.",
    "EXTVM_DEADLINE_PASSED": "Raise the option that the text names, or find out what the VM was doing.",
    "EXTVM_CANCELLED": "Nothing: somebody wanted it.",
    "EXTVM_WORLD_FAILED": "Look at the node's own state and its log: the VM has done nothing wrong.",
    "EXTVM_NO_MEMORY": "Give the process more memory, or the options another allocator.",
    "EXTVM_SYSTEM_ERROR": "Do what the system's own words say: limits of open files and threads, a full disk, permissions.",
}

HEAD = """# Every error text

Made from the source by `tools/errors.py`; a test holds it to the source. A `…` is a value, a name, or another text. What an
`extvm_error` has is one line: the VM's address where there is one, what failed, why, and what to do or what is allowed. The
command prints it after `extvm: `, and its exit status is that of the status's class.

A text that begins small and without a subject comes after what it is about: a file with line and column, a key, an account.

"""

CLASSES = {"OK": 0, "USAGE": 2, "UNREACHABLE": 3, "REJECTED": 4, "BROKEN": 5, "DEADLINE": 6, "NODE": 7}


def by_status():
    sorted_texts = {}
    for status, texts in collect().items():
        for text, paths in texts.items():
            for path in paths:
                known = status or next((to for start, to in STATUS_OF_FILE.items() if path.startswith(start)), None)
                sorted_texts.setdefault(known, {}).setdefault(text, set()).add(path)
    return sorted_texts


def print_table(texts):
    print("| text | where |\n|---|---|")
    for text, paths in sorted(texts.items()):
        shown = text.replace("|", "\\|")
        print("| `%s` | %s |" % (shown.strip(), ", ".join(path[len("src/"):] for path in sorted(paths))))
    print()


def main():
    source = open("src/common/error.c").read()
    names = dict(re.findall(r'\[(EXTVM_[A-Z_]+)\] = \{"([a-z-]+)"', source))
    classes = dict(re.findall(r'\[(EXTVM_[A-Z_]+)\] = \{"[a-z-]+", EXTVM_CLASS_([A-Z]+)\}', source))
    texts = by_status()
    print(HEAD, end="")
    for status, meaning in STATUSES.items():
        if status == "EXTVM_OK":
            continue
        print("## %s\n" % names[status])
        print("`%s`, exit status %d. %s\n" % (status, CLASSES[classes[status]], meaning))
        print("What to do: %s\n" % ADVICE[status])
        if status in texts:
            print_table(texts[status])
    if None in texts:
        print("## With the status of what it is about\n")
        print_table(texts[None])


main()
