# Completion of extvm's command line in bash. Commands, verbs, options and what they take come from the command's own
# help, so that there is no second list of them here. `source` it, or install it as bash-completion wants it.
# shellcheck shell=bash

# _extvm_option_help NAME: what the help ($help) says of the option: its line, and those that go on.
_extvm_option_help() {
    awk -v name="$1" '/^  -/ { ours = $1 == name } /^ *$/ { ours = 0 } ours' <<<"$help"
}

# _extvm_addresses: the ways to name a VM.
_extvm_addresses() {
    "$program" run --help 2>/dev/null | awk '/^  -/ { ours = $1 == "--vm" } ours' |
        grep -oE '(kevm|iele)(://|\+unix:)|(internal|test-mode)(-iele)?' | sort -u
}

# _extvm_names COMMAND OPTION VALUE: the names in the list with which such a value is refused; nothing else is done.
_extvm_names() {
    "$program" "$1" "$2" "$3" 2>&1 | sed -n 's/.*\(there are\|name:\) //p' | tr -d ','
}

# _extvm_files PREFIX: files, for the part of the word after PREFIX.
_extvm_files() {
    local file
    compopt -o filenames 2>/dev/null
    while IFS= read -r file; do
        COMPREPLY+=("$1$file")
    done < <(compgen -f -- "${word#"$1"}")
}

# _extvm_words WORDS [PREFIX]: those of the words that the rest of the word after PREFIX begins.
_extvm_words() {
    local one
    while IFS= read -r one; do
        COMPREPLY+=("$2$one")
    done < <(compgen -W "$1" -- "${word#"$2"}")
    # What wants to go on has no space after it.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:/] ]] && compopt -o nospace 2>/dev/null
}

# _extvm_value OPTION: the option's value. Options without one: false.
_extvm_value() {
    local about kind
    about=$(_extvm_option_help "$1")
    kind=$(sed -n '1s/^  -[^ ]* \([A-Z=]*\)\( .*\)\{0,1\}$/\1/p' <<<"$about")
    [[ -n $kind ]] || return 1
    case $1 in
    --vm)
        if [[ $word == *+unix:* ]]; then
            _extvm_files "${word%%:*}:"
        else
            _extvm_words "$(_extvm_addresses)"
        fi
        return
        ;;
    --fork) _extvm_words "$(_extvm_names statetest --fork '?')" && return ;;
    --fault)
        local before=
        [[ $word == *,* ]] && before=${word%,*},
        compopt -o nospace 2>/dev/null
        _extvm_words "$(sed 1d <<<"$about" | grep -oE '[a-z]+(-[a-z]+)*=?')" "$before"
        return
        ;;
    esac
    case $kind in
    FILE | OUT) _extvm_files '' ;;
    HEX) [[ $word == @* ]] && _extvm_files @ ;;
    FORMAT) _extvm_words "$(grep -owE 'text|json|regress' <<<"$about")" ;;
    NAME=VALUE) [[ $word == *=* ]] || _extvm_words "$(_extvm_names run --option '?=?' | sed 's/[a-z][a-z-]*/&=/g')" ;;
    esac
    return 0
}

_extvm() {
    local program=${COMP_WORDS[0]} line=${COMP_LINE:0:COMP_POINT} word previous help verbs i
    local -a words
    COMPREPLY=()
    # The words as the command will get them: bash's own are cut at = and : too.
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    word=${words[-1]}
    previous=${words[-2]}
    if [[ ${#words[@]} -le 2 || (${words[1]} == help && ${#words[@]} -eq 3) ]]; then
        _extvm_words "$("$program" help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')"
        [[ ${#words[@]} -gt 2 ]] || _extvm_words 'help --help --version'
        return
    fi
    [[ ${words[1]} == help ]] && return
    help=$("$program" "${words[1]}" --help 2>/dev/null) || return
    verbs=$(sed -n "s/^\(Usage:\|      \) extvm ${words[1]} \([a-z]*\) .*/\2/p; /^Verbs/,/^\$/s/^  \([a-z]*\) .*/\1/p" <<<"$help")
    for i in $verbs; do
        [[ ${words[2]} == "$i" && ${#words[@]} -gt 3 ]] && help=$("$program" "${words[1]}" "$i" --help 2>/dev/null)
    done
    if [[ $word == --*=* ]]; then
        previous=${word%%=*}
        word=${word#*=}
        _extvm_value "$previous"
    elif [[ $previous == -* ]] && _extvm_value "$previous"; then
        :
    elif [[ $word == -* ]]; then
        _extvm_words "$(sed -n 's/^  \(--*[a-z][a-z-]*\).*/\1/p' <<<"$help") --help"
    elif [[ -n $verbs && ${#words[@]} -eq 3 ]]; then
        _extvm_words "$verbs"
    elif grep -q '^Usage:.* ADDRESS' <<<"$help"; then
        _extvm_words "$(_extvm_addresses)"
    elif sed -n '/^Usage/,/^$/p' <<<"$help" | grep -qE ' \[?(FILE|PATH)'; then
        _extvm_files ''
    fi
    # Readline puts the reply in place of what follows the last of its separators.
    local separators=${COMP_WORDBREAKS//[^:=@]/} cut
    [[ -n $separators ]] || return 0
    cut=${word%"${word##*["$separators"]}"}
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
}

complete -F _extvm extvm
