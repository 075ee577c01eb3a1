#!/bin/sh
# Completion in bash and zsh offers what the command's help lists, no less and no more, and works where it is typed.
# $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh

PATH=$(cd "$(dirname "$EXTVM")" && pwd):$PATH

# options_of_help WORD...: the options that this help lists, and --help.
options_of_help() {
    { extvm "$@" --help | sed -n 's/^  \(--*[a-z][a-z-]*\).*/\1/p' && echo --help; } | sort -u
}

# Each command, and each verb with its command.
commands=$(extvm help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
for command in $commands; do
    echo "$command"
    extvm "$command" --help |
        sed -n "s/^\(Usage:\|      \) extvm $command \([a-z]*\) .*/$command \2/p; /^Verbs/,/^\$/s/^  \([a-z]*\) .*/$command \1/p"
done >"$folder/contexts"
[ "$(grep -c '^[a-z]* [a-z]' "$folder/contexts")" -ge 4 ] # of iele and config at least
verdict 'the help lists commands and verbs'

cat >"$folder/complete.bash" <<'EOS'
source completion/extvm.bash
while IFS= read -r COMP_LINE; do
    COMP_POINT=${#COMP_LINE} COMP_WORDS=(extvm) COMPREPLY=()
    _extvm
    for reply in "${COMPREPLY[@]}"; do printf '%s\n' "$reply"; done
done
EOS

# bash_offers LINE: what bash offers after it, sorted.
bash_offers() { echo "$1" | bash "$folder/complete.bash" 2>&1 | sort; }

# offers LINE WORD...: whether bash offers just these words.
offers() {
    bash_offers "$1" >"$folder/offers.log"
    shift
    printf '%s\n' "$@" | sort | cmp -s - "$folder/offers.log"
}

# The words are meant to be split.
# shellcheck disable=SC2086
offers 'extvm ' $commands help --help --version && offers 'extvm help ' $commands
verdict 'bash offers the commands'

while read -r context; do
    # shellcheck disable=SC2086
    options_of_help $context >"$folder/help"
    bash_offers "extvm $context -" | diff "$folder/help" - >"$folder/options.log"
    verdict "bash offers the options of $context, and no other"
done <"$folder/contexts"
: >"$folder/options.log"

offers 'extvm config ' check show && offers 'extvm iele d' disassemble
verdict 'bash offers verbs'

kinds='internal internal-iele test-mode test-mode-iele kevm:// kevm+unix: iele:// iele+unix:'
# shellcheck disable=SC2086
offers 'extvm run --vm ' $kinds && offers 'extvm run --vm=int' internal internal-iele
verdict 'bash offers the kinds of VM'
for address in $kinds; do
    case $address in
    *://) place=127.0.0.1:1 ;;
    *:) place=$folder/no-socket ;;
    *) place= ;;
    esac
    case $address in
    *iele*) set -- --function deposit ;;
    *) set -- --input 00 ;;
    esac
    extvm run --vm "$address$place" --to "$(printf '%040d' 1)" "$@" --option connect-retries=0 >"$folder/out" 2>&1
    case $? in 0 | 3) ;; *) echo "$address" ;; esac
done >"$folder/kinds.log"
[ ! -s "$folder/kinds.log" ]
verdict 'each kind of VM that is offered is one'

forks='Frontier Homestead EIP150 EIP160 EIP161 Byzantium Constantinople Petersburg Istanbul Berlin'
# shellcheck disable=SC2086
offers 'extvm statetest --fork ' $forks && offers 'extvm statetest --fork=P' Petersburg
verdict 'bash offers forks'

extvm config show conf/base.conf | sed -n '/^connect-timeout/,$s/ .*/=/p' | sort >"$folder/names"
bash_offers 'extvm run --option ' | diff "$folder/names" - >"$folder/options.log" && [ -s "$folder/names" ]
verdict 'bash offers the options of the library'
offers 'extvm run --option call-r' call-retries=
verdict 'bash completes the name of an option of the library'

extvm serve --fault no-such 2>&1 | sed 's/.*there are //' | tr ',' '\n' | sed 's/^ *//; s/=.*/=/' | sort >"$folder/names"
bash_offers 'extvm serve --fault ' | diff "$folder/names" - >"$folder/options.log" && [ "$(wc -l <"$folder/names")" -ge 10 ]
verdict 'bash offers faults'
offers 'extvm serve --fault oversize,gar' oversize,garbage
verdict 'bash offers faults after a comma'
offers 'extvm run --log-format ' text json
verdict 'bash offers formats'

offers 'extvm config check conf/ba' conf/base.conf && offers 'extvm run --call examples/ca' examples/call.json
verdict 'bash offers files where there is to be one'
offers 'extvm run --vm kevm+unix:conf/ba' conf/base.conf && offers 'extvm run --code @conf/ba' conf/base.conf
verdict 'bash offers files after unix: and @'
[ -z "$(bash_offers 'extvm run --gas '; bash_offers 'extvm run ')" ]
verdict 'bash offers nothing where it knows nothing'

# types SHELL...: types what is in $folder/keys into it.
types() { python3 tests/support/shell_keys.py 30 "$@" <"$folder/keys" >"$folder/out" 2>&1; }

# typed LINE: whether that line came of it.
typed() { grep -qx "GOT: $1 *" "$folder/out"; }

# What is typed in both: Tab, then Ctrl-A and an echo before the line, so that it is shown and not run.
cat >"$folder/lines" <<'EOS'
extvm statet\t\x01echo GOT: 
extvm statetest --fork Pet\t\x01echo GOT: 
extvm run --vm kevm:\t127.0.0.1:1 --js\t\x01echo GOT: 
extvm run --call examples/ca\t\x01echo GOT: 
EOS

typed_all() {
    typed 'extvm statetest' && typed 'extvm statetest --fork Petersburg' &&
        typed 'extvm run --vm kevm://127.0.0.1:1 --json' && typed 'extvm run --call examples/call.json'
}

{ echo "PATH=$PATH; source completion/extvm.bash" && cat "$folder/lines"; } >"$folder/keys"
types bash --norc -i && typed_all
verdict 'what is typed in bash is completed'

if ! command -v zsh >/dev/null; then
    skip 'zsh offers what the help lists' 'zsh is not installed'
    finish
    exit
fi

start="PATH=$PATH; fpath=($PWD/completion \$fpath); LISTMAX=0; autoload -U compinit; compinit -u -D; bindkey -e"
{ echo "$start" && cat "$folder/lines"; } >"$folder/keys"
types zsh -f -i && typed_all
verdict 'what is typed in zsh is completed'

# zsh_lists LINE: what it lists after it, with Ctrl-D.
zsh_lists() {
    printf '%s\n%s\\x04\\x15\n' "$start" "$1" >"$folder/keys"
    types zsh -f -i && sed -n 's/^\([a-z-][a-z-]*\)  *-- .*/\1/p' "$folder/out" | sort
}

zsh_lists 'extvm ' >"$folder/list"
# shellcheck disable=SC2086
printf '%s\n' $commands help --help --version | sort | diff - "$folder/list" >"$folder/options.log"
verdict 'zsh offers the commands'
while read -r context; do
    # shellcheck disable=SC2086
    options_of_help $context >"$folder/help"
    zsh_lists "extvm $context -" | diff "$folder/help" - >"$folder/options.log"
    verdict "zsh offers the options of $context, and no other"
done <"$folder/contexts"

finish
