"""What must hold in an SPDX 2.3 document: what its JSON schema and its text ask of every one."""
import re

DOCUMENT_FIELDS = ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace",
                   "creationInfo", "packages", "relationships")
PACKAGE_FIELDS = ("name", "SPDXID", "versionInfo", "downloadLocation", "filesAnalyzed",
                  "licenseConcluded", "licenseDeclared", "copyrightText")
RELATIONS = {"DESCRIBES", "DYNAMIC_LINK", "STATIC_LINK", "DEPENDS_ON", "CONTAINS"}
LICENSE = re.compile(r"NOASSERTION|[A-Za-z0-9.-]+( (AND|OR|WITH) [A-Za-z0-9.-]+)*")


def faults(bill):
    """One line for everything that is wrong."""
    out = [f"no {field}" for field in DOCUMENT_FIELDS if not bill.get(field)]
    if out:
        return out
    if bill["spdxVersion"] != "SPDX-2.3" or bill["dataLicense"] != "CC0-1.0":
        out.append("another version or data license")
    if bill["SPDXID"] != "SPDXRef-DOCUMENT":
        out.append(f"the document's id is {bill['SPDXID']}")
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*:[^#\s]+", bill["documentNamespace"]):
        out.append(f"the namespace is no URI without '#': {bill['documentNamespace']}")
    created = bill["creationInfo"]
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created.get("created", "")):
        out.append(f"creation time {created.get('created')}")
    if not created.get("creators") or not all(
            re.match(r"(Person|Organization|Tool): \S", each) for each in created["creators"]):
        out.append(f"creators {created.get('creators')}")
    ids = ["SPDXRef-DOCUMENT"]
    for package in bill["packages"]:
        out += [f"{package.get('name')}: no {field}" for field in PACKAGE_FIELDS
                if package.get(field) in (None, "")]
        ids.append(package.get("SPDXID", ""))
        if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", ids[-1]):
            out.append(f"{ids[-1]} is no id")
        if not LICENSE.fullmatch(package.get("licenseDeclared", "")):
            out.append(f"{package.get('name')}: license {package.get('licenseDeclared')}")
        for reference in package.get("externalRefs", []):
            if not re.fullmatch(r"pkg:(deb/debian|generic)/\S+@\S+", reference["referenceLocator"]):
                out.append(f"{reference['referenceLocator']} is no purl")
    out += [f"{each} is there twice" for each in set(ids) if ids.count(each) > 1]
    for relation in bill["relationships"]:
        if relation["relationshipType"] not in RELATIONS:
            out.append(f"unknown relation {relation['relationshipType']}")
        for end in ("spdxElementId", "relatedSpdxElement"):
            if relation[end] not in ids:
                out.append(f"a relation names {relation[end]}, which is not there")
    described = [each["relatedSpdxElement"] for each in bill["relationships"]
                 if each["relationshipType"] == "DESCRIBES"]
    if len(described) != 1:
        out.append(f"describes {described}")
    related = {each["relatedSpdxElement"] for each in bill["relationships"]}
    out += [f"{each} stands in no relation" for each in ids[1:] if each not in related]
    return out


def linked(bill, kinds=("DYNAMIC_LINK",)):
    """The names of the packages that stand in one of these relations to the one described."""
    names = {each["SPDXID"]: each["name"] for each in bill["packages"]}
    return {names[each["relatedSpdxElement"]] for each in bill["relationships"]
            if each["relationshipType"] in kinds}
