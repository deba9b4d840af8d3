# SPDX-License-Identifier: Apache-2.0
# Names of C files on standard input -> compile_commands.json. All of them are compiled with one
# command (see AM_CFLAGS in Makefile.am), so nothing needs to be built to know it.
# Environment: DIRECTORY, SRCDIR, COMMAND.
function quoted(text)
{
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}
BEGIN { printf "[" }
{
    file = ENVIRON["SRCDIR"] "/" $0
    printf "%s\n  {\"directory\": %s, \"file\": %s, \"command\": %s}", separator, quoted(ENVIRON["DIRECTORY"]),
        quoted(file), quoted(ENVIRON["COMMAND"] " -c " file)
    separator = ","
}
END { print "\n]" }
