#!/usr/bin/env python3
"""Runs a command on a terminal of 80 columns and measures how its progress bar moves.

    python3 scripts/progress.py qtgpu -f big.tif -t 10 -o x.qtg

Prints when the bar came and went, the number of different lines, the longest time between
two different lines and between two different percentages, with the processor time that the
command got meanwhile, which tells a slow bar from a busy machine, and the percentages at the
ends. The end of the command counts as a change."""
import os
import pty
import re
import struct
import sys
import termios
import fcntl
import time


def spent(pid):
    """The processor time of a process in seconds."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return None


def watch(command):
    """Gives the times, processor times and texts of all that the command writes, when it
    ended and its status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    begun, seen = time.monotonic(), []
    while True:
        try:
            data = os.read(fd, 1 << 16)
        except OSError:
            break
        if not data:
            break
        seen.append((time.monotonic() - begun, spent(pid), data.decode(errors="replace")))
    status = os.waitpid(pid, 0)[1]
    return seen, time.monotonic() - begun, os.waitstatus_to_exitcode(status)


def longest(changes):
    gap, cpu, share = max((b[0] - a[0], (b[1] or a[1]) - a[1], a[2]) for a, b in zip(changes, changes[1:]))
    return f"{gap:.2f} s ({cpu:.2f} of a processor, at {share.split('%')[0].split()[-1]}%)"


def main():
    seen, end, status = watch(sys.argv[1:])
    lines, shares = [], []
    for at, cpu, text in seen:
        for part in text.split("\r"):
            share = re.search(r"([0-9.]+)%", part)
            if not share:
                continue
            if not lines or lines[-1][2] != part:
                lines.append((at, cpu, part))
            if not shares or shares[-1][2] != share[1]:
                shares.append((at, cpu, share[1]))
    if not lines:
        sys.exit(f"no bar in {end:.2f} s, status {status}: {seen}")
    values = [float(s) for _, _, s in shares]
    last = [(end, seen[-1][1], "")]
    print(f"status {status}, {end:.2f} s, bar from {lines[0][0]:.2f} s on, {len(lines)} lines; "
          f"longest between two lines {longest(lines + last)}, between two percentages {longest(shares + last)}; "
          f"{values[0]}% to {values[-1]}%, " + ("never back" if values == sorted(values) else "GOES BACK"))


main()
