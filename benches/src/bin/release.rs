//! Writes a made-up SNOMED CT release of any size, in the format of the real ones (RF2, snapshot): `release FOLDER CONCEPTS`.
//!
//! Concept n stands under n / 2, and also under n / 3 where 3 divides it; every fifth is in a reference set.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

/// What stands behind each id: time, active, module.
const START: &str = "20260101\t1\t900000000000207008";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count] = &arguments[..] else {
        eprintln!("release FOLDER CONCEPTS");
        return ExitCode::from(2);
    };
    match count.parse().map_err(io::Error::other).and_then(|count| write(Path::new(folder), count)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn write(folder: &Path, count: u64) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = |name: &str, columns: &str| -> io::Result<BufWriter<File>> {
        let mut file = BufWriter::new(File::create(folder.join(name))?);
        write!(file, "id\teffectiveTime\tactive\tmoduleId\t{columns}\r\n")?;
        Ok(file)
    };
    let mut concepts = file("sct2_Concept_Snapshot_INT_20260101.txt", "definitionStatusId")?;
    let mut descriptions = file(
        "sct2_Description_Snapshot-en_INT_20260101.txt",
        "conceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId",
    )?;
    let mut relationships = file(
        "sct2_Relationship_Snapshot_INT_20260101.txt",
        "sourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId",
    )?;
    let mut members = file("der2_Refset_SimpleSnapshot_INT_20260101.txt", "refsetId\treferencedComponentId")?;
    for n in 1..=count {
        let code = code(n);
        write!(concepts, "{code}\t{START}\t900000000000074008\r\n")?;
        for (kind, term) in [
            (900_000_000_000_003_001_u64, format!("Finding number {n} of a made-up release (finding)")),
            (900_000_000_000_013_009, format!("Finding number {n} of a made-up release")),
        ] {
            write!(descriptions, "{n}\t{START}\t{code}\ten\t{kind}\t{term}\t900000000000448009\r\n")?;
        }
        let parents = [n / 2, if n.is_multiple_of(3) { n / 3 } else { 0 }];
        for parent in parents.into_iter().filter(|parent| *parent > 0).map(self::code) {
            write!(
                relationships,
                "{n}\t{START}\t{code}\t{parent}\t0\t116680003\t900000000000011006\t900000000000451002\r\n"
            )?;
        }
        if n.is_multiple_of(5) {
            write!(members, "{n:032x}\t{START}\t{}\t{code}\r\n", self::code(1))?;
        }
    }
    [concepts, descriptions, relationships, members].into_iter().try_for_each(|mut file| file.flush())
}

/// The identifier of a concept: a number, the partition of concepts, and the check digit.
fn code(number: u64) -> String {
    let stem = format!("{}00", 1_000_000 + number);
    format!("{stem}{}", check_digit(&stem))
}

/// The digit behind these (<http://snomed.org/rel>, 'Check-digit computation').
fn check_digit(stem: &str) -> usize {
    const STEP: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    const INVERSE: [usize; 10] = [0, 4, 3, 2, 1, 5, 6, 7, 8, 9];
    let times = |a: usize, b: usize| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a + 10 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let product = stem.bytes().rev().zip(1..).fold(0, |product, (digit, place)| {
        let stepped = (0..place).fold(usize::from(digit - b'0'), |digit, _| STEP[digit]);
        times(product, stepped)
    });
    INVERSE[product]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_real_identifiers() {
        for identifier in ["22298006", "138875005", "404684003", "900000000000207008"] {
            let (stem, digit) = identifier.split_at(identifier.len() - 1);
            assert_eq!(check_digit(stem).to_string(), digit, "{identifier}");
        }
    }
}
