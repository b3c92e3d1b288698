"""Outside engines as agents: programs that speak GTP (Go Text Protocol, version 2) over a pipe.

keeper    no engine outlives the lab
process   a program, its pipes, and a deadline for all it says
client    GTP over them: a command, and its answer
lines     a row of Go as the moves that lead to it
engine    a client with a board of its own, restarted when it fails
player    engines as an Agent; the rules by which they forfeit are in its docstring
options   what users may set; gnugo: GNU Go's command line
"""
