"""A strict reader of the Prometheus text format 0.0.4: anything loose is an assertion."""
import math
import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)$")
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


class Page:
    def __init__(self):
        self.types = {}
        self.helps = {}
        self.samples = {}  # (name, sorted labels) -> value

    def value(self, name, **labels):
        return self.samples[(name, tuple(sorted(labels.items())))]

    def named(self, name):
        return {labels: value for (n, labels), value in self.samples.items() if n == name}


def _labels(text, line):
    found, at = [], 0
    while at < len(text):
        match = _LABEL.match(text, at)
        assert match, f"bad label: {line}"
        found.append(match.groups())
        at = match.end()
        if at < len(text):
            assert text[at] == "," and at + 1 < len(text), f"bad separator: {line}"
            at += 1
    assert len(dict(found)) == len(found), f"label twice: {line}"
    return tuple(sorted(found))


def _number(text, line):
    if text in ("+Inf", "-Inf", "NaN", "Nan"):
        return float(text.replace("Nan", "NaN"))
    assert re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text), f"bad number: {line}"
    return float(text)


def read(text: str) -> Page:
    assert text.endswith("\n"), "the last line has no end"
    page, family = Page(), None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            family, _, page.helps[family] = line[7:].partition(" ")
            assert re.fullmatch(_NAME, family) and family not in page.types, f"again: {line}"
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name not in page.types, f"type twice: {line}"
            assert kind in ("counter", "gauge", "histogram", "summary", "untyped"), line
            family, page.types[name] = name, kind
        else:
            match = _SAMPLE.match(line)
            assert match, f"not a sample: {line!r}"
            name, labels, number = match.groups()
            allowed = [family + end for end in _SUFFIXES.get(page.types.get(family), ("",))]
            assert name in allowed, f"{name} is outside its family {family}"
            key = (name, _labels(labels or "", line))
            assert key not in page.samples, f"sample twice: {line}"
            page.samples[key] = _number(number, line)
    _check(page)
    return page


def _check(page):
    for name, kind in page.types.items():
        if kind == "counter":
            assert all(v >= 0 for v in page.named(name).values()), f"{name} is negative"
        if kind != "histogram":
            continue
        series = {}
        for labels, value in page.named(name + "_bucket").items():
            rest = tuple(pair for pair in labels if pair[0] != "le")
            bound = float(dict(labels)["le"].replace("+Inf", "inf"))
            series.setdefault(rest, []).append((bound, value))
        for rest, buckets in series.items():
            buckets.sort()
            counts = [count for _, count in buckets]
            assert counts == sorted(counts), f"{name}: buckets are not cumulative"
            assert math.isinf(buckets[-1][0]), f"{name}: no +Inf bucket"
            assert buckets[-1][1] == page.samples[(name + "_count", rest)], f"{name}: count"
            assert (name + "_sum", rest) in page.samples, f"{name}: no sum"
