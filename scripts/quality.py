#!/usr/bin/python3
"""Compares the quality of lossy files at equal size with JPEG, WebP, AVIF and JPEG XL.

    scripts/quality.py QTGPU IMAGE... [--way NAME="ARGUMENTS"] ... [--t T ...] [--peers NAME ...]

Each way is a set of arguments of the command's encoder, "default=" where none is given. Files are written
by every way and peer at some settings and decoded by the peers' own decoders. Printed as Markdown are the
BD-rates of every way against the peers and against the first way, of RGB PSNR, luma PSNR and SSIM
(negative: fewer bytes), and what butteraugli's 3-norm and SSIMULACRA become at equal bytes (negative:
better). What peers make is kept in a file, so that it is measured once.

Needs cjpeg, djpeg, cwebp, dwebp, avifenc, avifdec, cjxl, djxl, butteraugli_main, ssimulacra_main, convert
and numpy (Debian: libjpeg-turbo-progs webp libavif-bin libjxl-tools libjxl-devtools imagemagick
python3-numpy)."""
import argparse
import concurrent.futures
import hashlib
import json
import math
import os
import re
import subprocess
import tempfile

import numpy

RATES = (0.4, 0.8, 1.6)  # bits per pixel at which pictures are compared by eye
# What encodes, what it writes, what decodes, and the settings.
PEERS = {
    "jpeg": ("cjpeg -optimize -quality {q} -outfile {out} {ppm}", "jpg",
             "djpeg -outfile {dec} {out}", (25, 45, 65, 80, 90, 95)),
    "webp": ("cwebp -quiet -m 6 -q {q} {ppm} -o {out}", "webp",
             "dwebp -quiet -ppm {out} -o {dec}", (15, 40, 65, 80, 90, 96)),
    "avif": ("avifenc -s 6 -j 1 -y 420 --min 0 --max 63 -a end-usage=q -a cq-level={q} {png} {out}", "avif",
             "avifdec -j 1 {out} {dec}.png", (48, 40, 32, 25, 18, 11)),
    "jxl": ("cjxl --quiet --num_threads=0 -e 7 -d {q} {png} {out}", "jxl",
            "djxl --quiet --num_threads=0 {out} {dec}", (7, 4.5, 3, 2, 1.2, 0.7)),
}
OURS = ("{qtgpu} -q -j 1 -t {q} -i {png} -o {out}", "qtg", "{qtgpu} -q -j 1 -i {out} -o {dec}")


def run(command, **names):
    parts = [p.format(**names) for p in command.split()]
    return subprocess.run(parts, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()


def read(ppm):
    """The samples of a binary PPM, rows by columns by 3."""
    with open(ppm, "rb") as f:
        data = f.read()
    w, h = map(int, re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data).groups())
    return numpy.frombuffer(data, numpy.uint8, w * h * 3, len(data) - w * h * 3).reshape(h, w, 3).astype(numpy.float64)


def psnr(difference):
    return 10 * math.log10(255 ** 2 / max(numpy.mean(difference ** 2), 1e-6))


def blurred(plane):
    """The means of a plane under all windows of 11 × 11 that lie in it, of a Gaussian of 1.5 samples."""
    taps = numpy.exp(-((numpy.arange(11) - 5) ** 2) / (2 * 1.5 ** 2))
    taps /= taps.sum()
    h, w = plane.shape
    rows = sum(t * plane[i:h - 10 + i] for i, t in enumerate(taps))
    return sum(t * rows[:, i:w - 10 + i] for i, t in enumerate(taps))


def ssim(a, b):
    """SSIM of Wang et al. (2004), of luma."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    ma, mb = blurred(a), blurred(b)
    va, vb, cov = blurred(a * a) - ma * ma, blurred(b * b) - mb * mb, blurred(a * b) - ma * mb
    return numpy.mean((2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2)))


def measure(original, decoded, size):
    a, b = read(original), read(decoded)
    weights = numpy.array((0.299, 0.587, 0.114))
    ya, yb = a @ weights, b @ weights
    three = re.search(r"3-norm: ([0-9.]+)", run("butteraugli_main {a} {b}", a=original, b=decoded))
    return {
        "bpp": 8 * size / ya.size, "rgb": psnr(a - b), "y": psnr(ya - yb),
        "ssim": -10 * math.log10(max(1 - ssim(ya, yb), 1e-9)),
        "butteraugli": float(three.group(1)),
        "ssimulacra": float(run("ssimulacra_main {a} {b}", a=original, b=decoded).split()[-1]),
    }


def code(image, name, way, setting, qtgpu):
    """Writes and decodes a file, and measures it."""
    encode, ext, decode = PEERS.get(name, OURS)[:3]
    with tempfile.TemporaryDirectory() as dir:
        at = lambda file: os.path.join(dir, file)
        names = dict(ppm=at("in.ppm"), out=at("out." + ext), dec=at("dec.ppm"), png=image, q=setting, qtgpu=qtgpu)
        run("convert {png} -depth 8 {ppm}", **names)
        run(encode + " " + way, **names)
        run(decode, **names)
        if os.path.exists(names["dec"] + ".png"):
            run("convert {dec}.png -depth 8 {dec}", **names)
        return measure(names["ppm"], names["dec"], os.path.getsize(names["out"]))


def slopes(x, y):
    """The slopes of Fritsch and Butland's monotone cubic through points."""
    h, s = numpy.diff(x), numpy.diff(y) / numpy.diff(x)
    d = numpy.zeros(len(x))
    d[0], d[-1] = s[0], s[-1]
    for i in range(1, len(s)):
        if s[i - 1] * s[i] > 0:
            w1, w2 = 2 * h[i] + h[i - 1], h[i] + 2 * h[i - 1]
            d[i] = (w1 + w2) / (w1 / s[i - 1] + w2 / s[i])
    return d


def interpolated(x, y, at):
    d = slopes(x, y)
    i = numpy.clip(numpy.searchsorted(x, at, "right") - 1, 0, len(x) - 2)
    h = x[i + 1] - x[i]
    t = (at - x[i]) / h
    return ((2 * t ** 3 - 3 * t ** 2 + 1) * y[i] + (t ** 3 - 2 * t ** 2 + t) * h * d[i]
            + (-2 * t ** 3 + 3 * t ** 2) * y[i + 1] + (t ** 3 - t ** 2) * h * d[i + 1])


def curve(points, along, value):
    """value of points by increasing along."""
    pairs = sorted((p[along], value(p)) for p in points)
    kept = [p for i, p in enumerate(pairs) if i == 0 or p[0] > pairs[i - 1][0] + 1e-9]
    return numpy.array([p[0] for p in kept]), numpy.array([p[1] for p in kept])


def bd_rate(theirs, ours, metric):
    """How many more bytes ours takes at equal quality, in percent, or None."""
    (xa, ya), (xb, yb) = (curve(p, metric, lambda p: math.log(p["bpp"])) for p in (theirs, ours))
    low, high = max(xa[0], xb[0]), min(xa[-1], xb[-1])
    if high - low < 0.3:
        return None
    at = numpy.linspace(low, high, 201)
    return 100 * (math.exp(numpy.mean(interpolated(xb, yb, at) - interpolated(xa, ya, at))) - 1)


def at_rate(points, metric, bpp):
    x, y = curve(points, "bpp", lambda p: math.log(p[metric]))
    if not x[0] <= bpp <= x[-1]:
        return None
    return math.exp(numpy.interp(math.log(bpp), numpy.log(x), y))


def mean(values):
    values = [v for v in values if v is not None]
    return f"{numpy.mean(values):+.1f}" if values else "–"


def by_eye(theirs, ours, metric):
    """The means at each rate and of all, and how many are better."""
    cells, every = [], []
    for bpp in RATES:
        ratios = []
        for image in ours:
            a, b = at_rate(theirs[image], metric, bpp), at_rate(ours[image], metric, bpp)
            if a and b:
                ratios.append(100 * (b / a - 1))
        cells.append(mean(ratios))
        every += ratios
    return f"{' / '.join(cells)}, mean {mean(every)}% ({sum(v < 0 for v in every)} of {len(every)})"


def report(results, ways, peers):
    print("| way | against | RGB / Y / SSIM, BD-rate % | butteraugli 3-norm at 0.4 / 0.8 / 1.6 bpp, % | SSIMULACRA, % |")
    print("|---|---|---|---|---|")
    first = next(iter(ways))
    for way in ways:
        for other in [*peers, *([first] if way != first else [])]:
            rates = [mean(bd_rate(results[other][i], results[way][i], m) for i in results[way]) for m in ("rgb", "y", "ssim")]
            eyes = [by_eye(results[other], results[way], m) for m in ("butteraugli", "ssimulacra")]
            print(f"| {way} | {other} | {' / '.join(rates)} | {eyes[0]} | {eyes[1]} |")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("qtgpu")
    p.add_argument("images", nargs="+", metavar="IMAGE")
    p.add_argument("--way", action="append", metavar="NAME=ARGUMENTS")
    p.add_argument("--t", nargs="*", default=["2.5", "5", "9", "16", "28"])
    p.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    p.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "quality.json"), help="where what was measured is kept")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    o = p.parse_args()
    ways = dict(w.split("=", 1) for w in o.way or ["default="])
    with open(o.qtgpu, "rb") as f:
        build = hashlib.sha256(f.read()).hexdigest()
    try:
        with open(o.cache) as f:
            cache = json.load(f)
    except FileNotFoundError:
        cache = {}

    def point(job):
        name, image, setting = job
        key = " ".join([os.path.abspath(image), PEERS[name][0] if name in PEERS else build + ways[name], str(setting)])
        if key not in cache:
            cache[key] = code(image, name, ways.get(name, ""), setting, os.path.abspath(o.qtgpu))
        return name, image, cache[key]

    jobs = [(n, i, s) for i in o.images for n in [*o.peers, *ways] for s in (PEERS[n][3] if n in PEERS else o.t)]
    results = {n: {i: [] for i in o.images} for n in [*o.peers, *ways]}
    try:
        with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
            for name, image, measured in pool.map(point, jobs):
                results[name][image].append(measured)
    finally:
        with open(o.cache, "w") as f:
            json.dump(cache, f)
    print(f"{len(o.images)} images\n")
    report(results, ways, o.peers)


if __name__ == "__main__":
    main()
