#!/usr/bin/env python3
"""Makes the lists of this folder: one code a line, in small letters, sorted by bytes.

  make.py LANGUAGE_SUBTAG_REGISTRY RUST_ISO3166 CURRENCY_CODES CLDR_CORE

The arguments are unpacked packages: of npm language-subtag-registry (the IANA registry as JSON), currency-codes (the list of
the maintenance agency of ISO 4217 as published) and cldr-core (currencies of the past), and the crate rust_iso3166 (ISO 3166
parts 1 and 3). Codes are facts; nothing else is taken.
"""

import json
import re
import sys
from pathlib import Path

registry, countries, currencies, cldr = map(Path, sys.argv[1:])
here = Path(__file__).parent


def write(name, codes):
    codes = sorted({code.lower() for code in codes}, key=str.encode)
    (here / f"{name}.txt").write_text("".join(f"{code}\n" for code in codes), newline="\n")
    print(f"{name}: {len(codes)}")


def letters(first, last):
    """All of a range of private use: of as many letters, in their order."""
    first, last = first.lower(), last.lower()
    while True:
        yield first
        if first == last:
            return
        end = len(first.rstrip("z"))
        first = first[: end - 1] + chr(ord(first[end - 1]) + 1) + "a" * (len(first) - end)


records = json.loads((registry / "data/json/registry.json").read_text())
kinds = {"language": "languages", "extlang": "extlangs", "script": "scripts", "region": "regions", "variant": "variants"}
for kind, name in kinds.items():
    subtags = [record["Subtag"].split("..") for record in records if record["Type"] == kind]
    write(name, (code for subtag in subtags for code in (letters(*subtag) if len(subtag) == 2 else subtag)))
write("irregular", (record["Tag"] for record in records if record["Type"] == "grandfathered"))

present = (countries / "src/lib.rs").read_text()
past = (countries / "src/iso3166_3.rs").read_text()
codes = re.findall(r'alpha[23]: "([A-Z]+)"', present + past)
codes += [f"{int(number):03}" for number in re.findall(r"numeric: (\d+)", present + past) if int(number) > 0]
write("countries", codes)

codes = re.findall(r"<Ccy>([A-Z]{3})</Ccy>", (currencies / "iso-4217-list-one.xml").read_text())
of_regions = json.loads((cldr / "supplemental/currencyData.json").read_text())["supplemental"]["currencyData"]["region"]
codes += [code for uses in of_regions.values() for use in uses for code in use]
write("currencies", codes)
