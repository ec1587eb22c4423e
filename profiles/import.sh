#!/bin/sh
# Makes the packs of this folder from the published definitions.
#   profiles/import.sh HL7-PACKAGE-FOLDER NHS-FOLDER
# where NHS-FOLDER holds conformance/ and conformance-versions/. TOUCHMARK names the program (default: touchmark).
set -eu
hl7=$1
nhs=$2
out=$(cd "$(dirname "$0")" && pwd)
touchmark=${TOUCHMARK:-touchmark}

"$touchmark" import "$hl7" --out "$out/hl7.fhir.core" --pkg-version 3.0.1 \
    --origin "HL7 FHIR STU3 3.0.1, package hl7.fhir.core" --licence CC0-1.0
for family in careconnect gpconnect other-nhs itk; do
    case $family in
        careconnect) licence="Apache-2.0 where the definition says so (HL7 UK), else none stated" ;;
        *) licence="none stated (Copyright NHS Digital)" ;;
    esac
    "$touchmark" import "$nhs/conformance/$family" \
        --further "$nhs/conformance-versions/$family" --withdrawn "$nhs/conformance/$family/retired" --out "$out/$family" \
        --origin "published NHS STU3 definitions, family $family, and their earlier versions" \
        --licence "$licence" --depends hl7.fhir.core@3.0.1
done
