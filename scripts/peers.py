#!/usr/bin/python3
"""Compares the speed of qtgpu with the peers that are on PATH, and writes a table and a plot.

    scripts/peers.py QTGPU PHOTO.tif --table FILE.md --plot FILE.svg [--rounds N] [--largest MEGAPIXELS]

Each row is a pair of programs that run in turn, N times each, as whole processes on the same pixels: a
ratio is the median of the N ratios within a round, times are medians. Files are read before, so that
they are in the page cache, and are written to a temporary directory. The table replaces what FILE.md has
between the lines <!-- peers --> and <!-- /peers -->.

Peers: cjpeg, djpeg, cwebp, cjxl, djxl, pamtoqoi, qoitopam (Debian: libjpeg-turbo-progs webp libjxl-tools netpbm)."""
import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

T = 10  # the promise of lossy rows
QUALITY = 85  # of cjpeg; 74 has the PSNR of t = 10 on big.tif (docs/bench/compare.md)


def seconds(command, out=os.devnull):
    """The wall time of a process in seconds, whose output goes to a file, and its largest memory in bytes."""
    start = time.perf_counter()
    with open(out, "wb") as to:
        process = subprocess.Popen(command, stdout=to, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: {said.decode(errors='replace')}")
    return took, used.ru_maxrss * 1024


def first_line(*command):
    """A program, and what it says of its version."""
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode(errors="replace")
    line = said.strip().splitlines()[0] if said.strip() else ""
    name = os.path.basename(command[0])
    return line if line.startswith(name) else f"{name} {line}"


class Pairs:
    """Rows of a table, each of a command of ours and one of a peer."""

    def __init__(self, rounds):
        self.rounds, self.rows, self.missing = rounds, [], set()

    def add(self, what, ours, peer, theirs, out=os.devnull):
        if not shutil.which(theirs[0]):
            self.missing.add(theirs[0])
            return
        own, other = [], []
        for _ in range(self.rounds):
            own.append(seconds(ours)[0])
            other.append(seconds(theirs, out)[0])
        ratio = statistics.median(a / b for a, b in zip(own, other))
        self.rows.append((what, peer, statistics.median(own), statistics.median(other), ratio))
        print(f"{what}: {self.rows[-1][2]:.3f} s, {peer} {self.rows[-1][3]:.3f} s, {ratio:.2f}", file=sys.stderr)

    def markdown(self):
        yield "| what | s | peer | s | ratio |"
        yield "|---|---|---|---|---|"
        for what, peer, own, other, ratio in self.rows:
            yield f"| {what} | {own:.3f} | {peer} | {other:.3f} | {ratio:.2f} |"


def sized(source, megapixels, out):
    """Writes a PPM of some megapixels, of the shape of a binary PPM: its middle, or itself again and again. Row by
    row: what this process holds counts as the largest memory of those that it starts."""
    with open(source, "rb") as f, open(out, "wb") as to:
        header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", f.read(64))
        w, h = map(int, header.groups())
        scale = (megapixels * 1e6 / (w * h)) ** 0.5
        width, height = round(w * scale), round(h * scale)
        left, top = max(w - width, 0) // 2, max(h - height, 0) // 2
        to.write(b"P6\n%d %d\n255\n" % (width, height))
        for y in range(height):
            f.seek(header.end() + 3 * w * ((top + y) % h))
            row = f.read(3 * w)[3 * left:]
            to.write((row * (width // (w - left) + 1))[:3 * width])


def growth(qtgpu, source, largest, rounds, folder):
    """Seconds of encoding pictures of many sizes, and their bytes of memory by byte of samples."""
    points = []
    for megapixels in (0.25, 1, 4, 16, 64, 256):
        if megapixels > largest:
            break
        ppm = os.path.join(folder, "sized.ppm")
        sized(source, megapixels, ppm)
        os.sync()  # or what the disk has still to write would be timed, too
        bytes_ = os.path.getsize(ppm)
        runs = [seconds([qtgpu, "-q", "-f", "-i", ppm, "-t", str(T), "-o", os.path.join(folder, "sized.qtg")])
                for _ in range(max(3, rounds // 2))]
        points.append((megapixels, statistics.median(r[0] for r in runs), max(r[1] for r in runs) / bytes_))
        print(f"{megapixels} megapixels: {points[-1][1]:.3f} s, {points[-1][2]:.2f} of memory", file=sys.stderr)
    return points


def plot(rows, points):
    """Bars of the ratios, and the time of a pixel against the size."""
    height = 60 + 26 * len(rows)
    longest = max([r[4] for r in rows] + [1])
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height + 270}" font-family="sans-serif" font-size="12">',
           '<style>text{fill:#333}.grid{stroke:#ccc}@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#555}}</style>',
           '<text x="8" y="20" font-size="14">Time, in multiples of the peer’s</text>']
    unit = 380 / longest
    for i, (what, peer, _, _, ratio) in enumerate(rows):
        y = 40 + 26 * i
        out.append(f'<text x="8" y="{y + 13}">{what}, {peer}</text>')
        out.append(f'<rect x="330" y="{y}" width="{ratio * unit:.1f}" height="18" fill="{"#2a7f9e" if ratio <= 1 else "#c8702a"}"/>')
        out.append(f'<text x="{334 + ratio * unit:.1f}" y="{y + 13}">{ratio:.2f}</text>')
    out.append(f'<line class="grid" x1="{330 + unit:.1f}" x2="{330 + unit:.1f}" y1="34" y2="{height - 16}"/>')
    top, most = height + 50, max(p[1] / p[0] for p in points)
    out.append(f'<text x="8" y="{height + 16}" font-size="14">Encoding, nanoseconds a pixel, against megapixels</text>')
    place = [(60 + 640 * i / max(len(points) - 1, 1), top + 160 * (1 - s / m / most)) for i, (m, s, _) in enumerate(points)]
    out.append(f'<line class="grid" x1="60" x2="700" y1="{top + 160}" y2="{top + 160}"/>')
    out.append('<polyline fill="none" stroke="#2a7f9e" stroke-width="2" points="' + " ".join(f"{x:.1f},{y:.1f}" for x, y in place) + '"/>')
    for (x, y), (megapixels, s, _) in zip(place, points):
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#2a7f9e"/><text x="{x - 12:.1f}" y="{y - 8:.1f}">{1000 * s / megapixels:.0f}</text>')
        out.append(f'<text x="{x - 12:.1f}" y="{top + 178}">{megapixels:g}</text>')
    return "\n".join(out + ["</svg>", ""])


def report(pairs, points, versions):
    yield f"{os.cpu_count()} CPUs ({platform.machine()}), medians of {pairs.rounds} rounds, whole processes from and to files. {'; '.join(versions)}."
    if pairs.missing:
        yield f"Not found: {', '.join(sorted(pairs.missing))}."
    yield ""
    yield from pairs.markdown()
    yield ""
    yield "| megapixels | s | ns a pixel | peak memory by bytes of samples |"
    yield "|---|---|---|---|"
    for megapixels, s, memory in points:
        yield f"| {megapixels:g} | {s:.3f} | {1000 * s / megapixels:.1f} | {memory:.2f} |"


def replaced(text, table):
    begin, end = "<!-- peers -->", "<!-- /peers -->"
    head, _, rest = text.partition(begin)
    _, found, tail = rest.partition(end)
    if not found:
        sys.exit(f"no lines {begin} and {end} to write the table between")
    return f"{head}{begin}\n{table}\n{end}{tail}"


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("qtgpu")
    p.add_argument("photo")
    p.add_argument("--table", required=True)
    p.add_argument("--plot", required=True)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--largest", type=float, default=256)
    a = p.parse_args()
    q = [a.qtgpu, "-q", "-f"]
    with tempfile.TemporaryDirectory() as folder:
        name = lambda n: os.path.join(folder, n)
        photo = shutil.copy(a.photo, name("photo.tif"))
        pairs = Pairs(a.rounds)
        # The pixels of the photograph, by way of a file without loss.
        subprocess.run(q + ["-i", photo, "-t", "0", "--effort", "1", "-o", name("photo.qtg")], check=True, stderr=subprocess.DEVNULL)
        ppm = name("photo.ppm")
        subprocess.run(q + ["-i", name("photo.qtg"), "-o", ppm], check=True, stderr=subprocess.DEVNULL)
        encode = lambda *more: q + ["-i", photo, *more, "-o", name("x.qtg")]
        decode = lambda n: q + ["-i", name(n), "-o", name("x.ppm")]
        for effort in (1, 2):
            subprocess.run(encode("-t", str(T), "--effort", str(effort))[:-1] + [name(f"{effort}.qtg")], check=True, stderr=subprocess.DEVNULL)
        cjpeg = lambda *more: ["cjpeg", *more, "-quality", str(QUALITY), "-outfile", name("x.jpg"), ppm]
        default = encode("-t", str(T))
        pairs.add(f"encode, t = {T}", default, "cjpeg", cjpeg())
        pairs.add(f"encode, t = {T}", default, "cjpeg -optimize", cjpeg("-optimize"))
        pairs.add(f"encode, t = {T}", default, "cwebp -m 0", ["cwebp", "-quiet", "-m", "0", ppm, "-o", name("x.webp")])
        pairs.add(f"encode, t = {T}, effort 1", encode("-t", str(T), "--effort", "1"), "cjpeg -optimize", cjpeg("-optimize"))
        if shutil.which("cjpeg"):
            subprocess.run(cjpeg(), check=True)
        for effort in (1, 2):
            pairs.add(f"decode, effort {effort}", decode(f"{effort}.qtg"), "djpeg", ["djpeg", "-outfile", name("y.ppm"), name("x.jpg")])
        lossless = ["cjxl", "--quiet", "-d", "0", "-e", "1", ppm, name("x.jxl")]
        pairs.add("encode, t = 0, effort 1", encode("-t", "0", "--effort", "1"), "cjxl -d 0 -e 1", lossless)
        if shutil.which("cjxl"):
            subprocess.run(lossless, check=True, stderr=subprocess.DEVNULL)
        pairs.add("decode, t = 0, effort 1", decode("photo.qtg"), "djxl", ["djxl", "--quiet", name("x.jxl"), name("y.ppm")])
        qoi = ["pamtoqoi", ppm]  # writes to its output
        pairs.add("encode, t = 0, effort 1", encode("-t", "0", "--effort", "1"), "pamtoqoi", qoi, name("x.qoi"))
        if shutil.which("pamtoqoi"):
            seconds(qoi, name("x.qoi"))
        pairs.add("decode, t = 0, effort 1", decode("photo.qtg"), "qoitopam", ["qoitopam", name("x.qoi")], name("y.ppm"))
        pairs.add("encode, max, T = 4", encode("-t", "4", "--bound", "max"), "the same, t = 0", encode("-t", "0"))
        versions = [first_line(a.qtgpu, "--version")]
        versions += [first_line(*v) for v in (["cjpeg", "-version"], ["cwebp", "-version"], ["cjxl", "--version"], ["pamtoqoi", "--version"]) if shutil.which(v[0])]
        points = growth(a.qtgpu, ppm, a.largest, a.rounds, folder)
    table = "\n".join(report(pairs, points, versions))
    with open(a.table, encoding="utf-8") as f:
        text = f.read()
    with open(a.table, "w", encoding="utf-8") as f:
        f.write(replaced(text, table))
    with open(a.plot, "w", encoding="utf-8") as f:
        f.write(plot(pairs.rows, points))


if __name__ == "__main__":
    main()
