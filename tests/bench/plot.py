# SPDX-License-Identifier: GPL-2.0
"""A plot of a few lines over a logarithmic axis, as SVG."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 50, 50  # margins
COLOURS = "#1f77b4", "#2ca02c", "#d62728", "#9467bd", "#8c564b"


def plot(title, across, up, lines):
    """`lines` has a list of (x, y) by name; `across` and `up` say what x and y are."""
    points = [point for line in lines.values() for point in line]
    first, last = (f(math.log10(x) for x, _ in points) for f in (min, max))
    top = 2000 * math.ceil(max(y for _, y in points) / 2000)

    def place(x, y):
        at = (math.log10(x) - first) / (last - first) * (WIDTH - LEFT - RIGHT)
        return round(LEFT + at, 1), round(HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM), 1)

    def text(x, y, words, anchor="middle", **more):
        more = "".join(f' {key}="{value}"' for key, value in more.items())
        return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{more}>{escape(words)}</text>'

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="13">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           text(LEFT, 22, title, "start", **{"font-weight": "bold"}),
           text(LEFT, 40, up, "start"),
           text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, across)]
    for y in range(0, top + 1, 2000):
        _, at = place(10 ** first, y)
        out.append(f'<path d="M{LEFT},{at}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(text(LEFT - 8, at + 4, f"{y:,}", "end"))
    for x in sorted({x for x, _ in points}):
        at, bottom = place(x, 0)
        out.append(f'<path d="M{at},{TOP}V{bottom}" stroke="#ddd"/>')
        out.append(text(at, bottom + 20, f"{x:,}"))
    for colour, (name, line) in zip(COLOURS, lines.items()):
        path = " ".join(f"{x},{y}" for x, y in (place(*point) for point in line))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        x, y = place(*line[-1])
        out.append(text(x + 8, y + 4, name, "start", fill=colour))
    return "\n".join([*out, "</svg>", ""])
