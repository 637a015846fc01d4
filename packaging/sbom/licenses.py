"""Licences of Debian packages as SPDX expressions: what their copyright files declare for the source
as a whole. A package's file that is not machine-readable, or a word that SPDX has no name for, gives
NOASSERTION; never a guess."""
import re
from pathlib import Path

UNKNOWN = "NOASSERTION"
# Debian's words (DEP-5) to SPDX.
WORDS = {
    "apache-2.0": "Apache-2.0", "expat": "MIT", "mit": "MIT", "isc": "ISC", "zlib": "Zlib",
    "bsl-1.0": "BSL-1.0", "bsl-1": "BSL-1.0", "boost-1.0": "BSL-1.0", "cc0": "CC0-1.0",
    "cc0-1.0": "CC0-1.0", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
    "postgresql": "PostgreSQL", "curl": "curl", "openldap-2.8": "OLDAP-2.8", "python-2.0": "Python-2.0",
    "mpl-2.0": "MPL-2.0", "artistic-2.0": "Artistic-2.0",
    **{f"{kind.lower()}-{version}{plus}":
       f"{kind}-{version if '.' in version else version + '.0'}-{'or-later' if plus else 'only'}"
       for kind in ("GPL", "LGPL") for version in ("2", "2.0", "2.1", "3", "3.0") for plus in ("", "+")},
}
# Copyright files that are prose; each was read.
READ = {
    "libc6": "LGPL-2.1-or-later", "libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1", "zlib1g": "Zlib",
    "libsqlite3-0": "blessing", "libpq5": "PostgreSQL", "libboost1.81-dev": "BSL-1.0",
    "libgrpc++1.51": "Apache-2.0", "libgrpc29": "Apache-2.0", "libyaml-cpp0.7": "MIT",
    "libc-ares2": "MIT",
}


def license_of(package, root=Path("/")):
    if package in READ:
        return READ[package]
    file = root / "usr/share/doc" / package / "copyright"
    try:
        return of_text(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return UNKNOWN


def of_text(text):
    """The expression for `Files: *` of a machine-readable copyright file."""
    if not re.match(r"\s*Format(-Specification)?:", text):
        return UNKNOWN
    for stanza in re.split(r"\n\s*\n", text):
        if re.search(r"^Files:\s*\*\s*$", stanza, re.M):
            found = re.search(r"^License:[ \t]*(\S[^\n]*)$", stanza, re.M)
            return expression(found.group(1)) if found else UNKNOWN
    return UNKNOWN


def expression(words):
    """"GPL-2+ or Expat" -> "GPL-2.0-or-later OR MIT"; one unknown word makes all unknown."""
    out = []
    for word in re.split(r"\s+(and|or)\s+|,\s*", words.strip().replace(", and", " and")
                         .replace(", or", " or")):
        if word in ("and", "or"):
            out.append(word.upper())
        elif word:
            known = WORDS.get(word.lower())
            if known is None:
                return UNKNOWN
            out.append(known)
    return " ".join(out) if len(out) == 1 or set(out[1::2]) in ({"AND"}, {"OR"}) else UNKNOWN
