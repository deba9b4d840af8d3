# SPDX-License-Identifier: Apache-2.0
"""Completion for bash, zsh and fish, from the table that `zreg help --json` gives. Nothing of zreg runs while
somebody presses Tab."""

import re

HEAD = "# SPDX-License-Identifier: Apache-2.0\n# Made by docs/man/make.py from the table of verbs and options.\n"
WORDS_WITH_FILES = ("FILE", "SRC", "DST", "REF")


def choices(value):
    """The words that a value can be: none|pull|push, DIGEST|absent."""
    return [word for word in value.split("|") if word == word.lower()] if value and "|" in value else []


def takes_file(value):
    return re.search(r"(^|[|=])(FILE|DIR)\b", value or "") is not None


def verb_options(table, verb):
    return verb["options"] + (table["registry_options"] if verb["uses_registries"] else []) + table["common_options"]


def shared_options(table):
    """Those that may stand before the verb."""
    return table["common_options"] + table["registry_options"]


def words_are_files(verb):
    return any(kind in (verb["words"] or "") for kind in WORDS_WITH_FILES)


def all_shells(table):
    return [("zreg", bash(table)), ("_zreg", zsh(table)), ("zreg.fish", fish(table))]


# --- bash

BASH = r"""# shellcheck shell=bash

# Sets `verb` to the verb in front of the cursor, past options that may stand before it.
_zreg_find_verb()
{
    local i
    verb=
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        @VALUED@)
            [ "${COMP_WORDS[i + 1]}" = = ] && i=$((i + 1))
            i=$((i + 1))
            ;;
        -*) ;;
        *)
            verb=${COMP_WORDS[i]}
            return
            ;;
        esac
    done
}

# Sets `choices`, and `kind` to what the value of the option "$1" is: words, path, other; none: it takes none.
_zreg_value()
{
    choices=
    case "$verb $1" in
@VALUES@
    *) kind=none ;;
    esac
}

_zreg_files()
{
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_zreg()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local verb kind choices verbs="@VERBS@"
    COMPREPLY=()
    # --option=value, and HOST=FILE, are three words, unless = has been taken out of COMP_WORDBREAKS
    if [ "$current" = = ]; then
        current=
        [[ $before == -* ]] || before=${COMP_WORDS[COMP_CWORD - 2]}
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
        [[ $before == -* ]] || before=${COMP_WORDS[COMP_CWORD - 3]}
    fi
    _zreg_find_verb
    _zreg_value "$before"
    case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current") && return ;;
    path) _zreg_files "$current" && return ;;
    other) return ;;
    esac
    case "$verb $current" in
@OPTIONS@
    ' '*) mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$current") ;;
    'help '*) mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current") ;;
@WORDS@
    esac
}

complete -F _zreg zreg
"""


def bash_value(pattern, option):
    if choices(option["value"]):
        return f"    {pattern}) kind=words choices='{' '.join(choices(option['value']))}' ;;"
    return f"    {pattern}) kind={'path' if takes_file(option['value']) else 'other'} ;;"


def bash(table):
    valued = ["--" + option["name"] for option in shared_options(table) if option["value"]]
    values, options = [], [f"    ' -'*) choices='{flags(shared_options(table))}' ;;"]
    for verb in table["verbs"]:
        values += [bash_value(f"'{verb['name']} --{option['name']}'", option)
                   for option in verb["options"] if option["value"]]
        options.append(f"    '{verb['name']} -'*) choices='{flags(verb_options(table, verb))}' ;;")
    values += [bash_value(f"*' --{option['name']}'", option) for option in shared_options(table) if option["value"]]
    options = [one.replace(" ;;", "\n        mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$current\") ;;")
               for one in options]
    files = "|".join(f"'{verb['name']} '*" for verb in table["verbs"] if words_are_files(verb))
    return HEAD + fill(BASH, VERBS=names(table), VALUED=" | ".join(valued), VALUES="\n".join(values),
                       OPTIONS="\n".join(options), WORDS=f'    {files}) _zreg_files "$current" ;;')


def names(table):
    return " ".join(verb["name"] for verb in table["verbs"])


def flags(options):
    return " ".join(f"--{option['name']}" for option in options)


def fill(text, **values):
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


# --- zsh

ZSH = r"""
_zreg_verbs()
{
    local -a verbs=(
@VERBS@
    )
    _describe verb verbs
}

# What is behind a place's prefix is a file.
_zreg_place()
{
    compset -P '*:'
    _files
}

_zreg()
{
    local curcontext="$curcontext" state line
    _arguments -C \
@SHARED@
        '1:verb:_zreg_verbs' '*::argument:->argument' && return
    [[ $state == argument ]] || return
    case $words[1] in
@CASES@
    esac
}

_zreg "$@"
"""


def zsh_quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_spec(option):
    """'*--name=[help]:VALUE:action' for _arguments."""
    text = re.sub(r"([\[\]:\\])", r"\\\1", option["help"])
    value = option["value"]
    if not value:
        return zsh_quote(f"--{option['name']}[{text}]")
    action = ""
    if choices(value):
        action = f"({' '.join(choices(value))})"
    elif takes_file(value):
        action = "_zreg_place" if "=" in value else "_files"
    message = value.replace(":", "\\:")
    return zsh_quote(f"{'*' if option['many'] else ''}--{option['name']}=[{text}]:{message}:{action}")


def zsh_words(verb):
    if verb["name"] == "help":
        return "'1:verb:_zreg_verbs'"
    return "'*:place:_zreg_place'" if words_are_files(verb) else "'*:place: '"


def zsh(table):
    verbs = [f"        {zsh_quote(verb['name'] + ':' + verb['summary'].replace(':', chr(92) + ':'))}"
             for verb in table["verbs"]]
    cases = []
    for verb in table["verbs"]:
        specs = "".join(f"            {zsh_spec(option)} \\\n" for option in verb_options(table, verb))
        cases.append(f"    {verb['name']})\n        _arguments \\\n{specs}            {zsh_words(verb)}\n        ;;")
    shared = "\n".join(f"        {zsh_spec(option)} \\" for option in shared_options(table))
    return "#compdef zreg\n" + HEAD + fill(ZSH, VERBS="\n".join(verbs), SHARED=shared, CASES="\n".join(cases))


# --- fish

FISH = r"""
# The verb in front of the cursor, past options that may stand before it.
function __zreg_verb
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word @VALUED@
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
end

function __zreg_is
    contains -- "$(__zreg_verb)" $argv
end

complete -c zreg -f
"""


def fish_quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_option(verbs, option):
    line = f"complete -c zreg -n '__zreg_is {' '.join(verbs)}' -l {option['name']} -d {fish_quote(option['help'])}"
    if choices(option["value"]):
        return f"{line} -x -a {fish_quote(' '.join(choices(option['value'])))}"
    if takes_file(option["value"]):
        return f"{line} -r -F"
    return f"{line} -x" if option["value"] else line


def fish(table):
    valued = ["--" + option["name"] for option in shared_options(table) if option["value"]]
    lines = [f"complete -c zreg -n '__zreg_is \"\"' -a {verb['name']} -d {fish_quote(verb['summary'])}"
             for verb in table["verbs"]]
    lines.append("complete -c zreg -n '__zreg_is \"\"' -l version -d 'show the version'")
    lines.append(f"complete -c zreg -n '__zreg_is help' -a '{names(table)}'")
    every = [verb["name"] for verb in table["verbs"]]
    with_registries = [verb["name"] for verb in table["verbs"] if verb["uses_registries"]]
    lines += [fish_option(['""', *every], option) for option in table["common_options"]]
    lines += [fish_option(['""', *with_registries], option) for option in table["registry_options"]]
    for verb in table["verbs"]:
        if words_are_files(verb):
            lines.append(f"complete -c zreg -n '__zreg_is {verb['name']}' -F")
        lines += [fish_option([verb["name"]], option) for option in verb["options"]]
    return HEAD + fill(FISH, VALUED=" ".join(valued)) + "\n".join(lines) + "\n"
