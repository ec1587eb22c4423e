#!/bin/sh
# Makes the packs of published definitions in this folder, and the generated half of README.md.
#
#   profiles/import.sh HL7 NHS
#
# HL7 is the folder of the package hl7.fhir.core 3.0.1, NHS holds conformance/ (the edition in force of each canonical, and
# retired/ what was withdrawn) and conformance-versions/ (further versions). TOUCHMARK names the program.
set -eu
hl7=$1
nhs=$2
out=$(cd "$(dirname "$0")" && pwd)
touchmark=${TOUCHMARK:-touchmark}

"$touchmark" import "$hl7" --out "$out/hl7.fhir.core" --pkg-version 3.0.1 \
    --origin "FHIR STU3 3.0.1 as published by HL7, package hl7.fhir.core" --licence CC0-1.0
for family in careconnect gpconnect other-nhs itk; do
    "$touchmark" import "$nhs/conformance/$family" \
        --further "$nhs/conformance-versions/$family" --withdrawn "$nhs/conformance/$family/retired" \
        --out "$out/$family" --depends hl7.fhir.core@3.0.1 \
        --origin "STU3 definitions as published by NHS Digital and HL7 UK, family $family" \
        --licence "Apache-2.0 where the definition says so (HL7 UK), else copyright NHS Digital, no licence stated; facts only"
done

mark='<!-- Below this line: touchmark packs --markdown profiles -->'
{
    sed "/^$mark\$/q" "$out/README.md"
    echo
    "$touchmark" packs --markdown "$out"
} > "$out/README.new"
mv "$out/README.new" "$out/README.md"
