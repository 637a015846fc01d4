#!/usr/bin/env python3
"""Writes a software bill of materials, SPDX 2.3 in JSON.

sbom.py package --name N --version V [--compiled-in "a;b"] --out FILE PROGRAM...
  What the programs and plugins of one package are linked with: the Debian package of each shared
  object, and those libraries that are headers alone.
sbom.py image --name N --root DIR --out FILE
  All Debian packages of a root folder, with what the bills in its share/spawn/sbom add. The version
  is that of its package spawn-kernel.

SOURCE_DATE_EPOCH sets the time of creation.
"""
import argparse
import json
import os
import re
import time
import uuid
from pathlib import Path
from urllib.parse import quote

import debian

NOTHING = "NOASSERTION"


def spdx_id(name):
    # Only letters, digits, '.' and '-' may be in an id.
    return "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", lambda c: f"-{ord(c.group()):x}-", name)


def package(name, version, license_expression, purl, homepage=None, supplier=NOTHING):
    out = {
        "name": name, "SPDXID": spdx_id(name), "versionInfo": version,
        "supplier": supplier, "downloadLocation": NOTHING, "filesAnalyzed": False,
        "licenseConcluded": NOTHING, "licenseDeclared": license_expression,
        "copyrightText": NOTHING,
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": purl}],
    }
    if homepage:
        out["homepage"] = homepage
    return out


def own_package(name, version):
    return package(name, version, "Apache-2.0", f"pkg:generic/{name}@{version}")


def debian_package(entry):
    upstream = ""
    if entry["source:Package"] != entry["Package"]:
        upstream = f"&upstream={entry['source:Package']}"
    purl = (f"pkg:deb/debian/{quote(entry['Package'])}@{quote(entry['Version'])}"
            f"?arch={entry['Architecture']}{upstream}")
    return package(entry["Package"], entry["Version"], entry["License"], purl,
                   entry["Homepage"] or None, "Organization: Debian")


def relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def document(name, version, root, packages, relations):
    """One document about `root`; ids and relations come once, in a fixed order."""
    seen = {each["SPDXID"]: each for each in packages}
    lines = {json.dumps(each, sort_keys=True): each for each in relations}
    content = json.dumps([name, version, sorted(seen), sorted(lines)])
    moment = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{name}-{version}",
        "documentNamespace": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_OID, content)),
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment),
                         "creators": ["Organization: Spawn Kernel", "Tool: spawn-sbom-1"]},
        "packages": [seen[key] for key in sorted(seen)],
        "relationships": [relation("SPDXRef-DOCUMENT", "DESCRIBES", root),
                          *(lines[key] for key in sorted(lines))],
    }


def of_programs(name, version, compiled_in, programs):
    direct, all_paths = set(), set()
    for program in programs:
        paths = debian.loaded(program)
        all_paths |= set(paths.values())
        direct |= {paths[each] for each in debian.needed(program) if each in paths}
    owners = debian.packages_of(sorted(all_paths))
    linked = {owners[path] for path in direct}
    entries = debian.describe(set(owners.values()) | set(compiled_in))
    me = own_package(name, version)
    relations = [relation(me["SPDXID"], "STATIC_LINK", spdx_id(each)) for each in compiled_in]
    for each in sorted(set(owners.values())):
        kind = "DYNAMIC_LINK" if each in linked else "DEPENDS_ON"
        relations.append(relation(me["SPDXID"], kind, spdx_id(each)))
    packages = [me, *(debian_package(entries[each]) for each in sorted(entries))]
    return document(name, version, me["SPDXID"], packages, relations)


def of_image(name, root):
    entries = debian.describe([], root)
    if "spawn-kernel" not in entries:
        raise SystemExit(f"sbom: {root}: spawn-kernel is not installed there")
    version = entries["spawn-kernel"]["Version"]
    me = own_package(name, version)
    packages, relations = [me], []
    for file in sorted((root / "usr/share/spawn/sbom").glob("*.spdx.json")):
        bill = json.loads(file.read_text())
        packages += bill["packages"]
        relations += [each for each in bill["relationships"] if each["relationshipType"] != "DESCRIBES"]
    # Those of the image itself come last and so win over what the build was linked with.
    own = {each["name"] for each in packages if each["name"].startswith("spawn-")}
    for key in sorted(entries):
        if key not in own:
            packages.append(debian_package(entries[key]))
        relations.append(relation(me["SPDXID"], "CONTAINS", spdx_id(key)))
    return document(name, version, me["SPDXID"], packages, relations)


def main():
    parser = argparse.ArgumentParser(description="SPDX 2.3 bills of materials")
    parser.add_argument("what", choices=["package", "image"])
    parser.add_argument("--name", required=True)
    parser.add_argument("--version")
    parser.add_argument("--compiled-in", default="", help="Debian packages, separated by ';'")
    parser.add_argument("--root", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("programs", nargs="*")
    told = parser.parse_intermixed_args()
    if told.what == "image":
        if told.root is None:
            parser.error("image: --root is missing")
        made = of_image(told.name, told.root)
    else:
        if told.version is None or not told.programs:
            parser.error("package: --version or the programs are missing")
        compiled_in = [each for each in told.compiled_in.split(";") if each]
        made = of_programs(told.name, told.version, compiled_in, told.programs)
    told.out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
