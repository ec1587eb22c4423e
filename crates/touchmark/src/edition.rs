//! What depends on the FHIR version: which definitions can be read as STU3, and what its base package is called.

/// The FHIR version that rule files are written for.
pub const FHIR_VERSION: &str = "3.0.1";

/// The FHIR version that a definition or a package states, when it is one whose definitions cannot be read as STU3.
///
/// NHS definitions of STU3 state 3.0.0, 3.0.1, 3.0.2, 1.0.0 or nothing; 1.0.0 is a profile's own version in the wrong
/// place. What is surely another version is R4 and later, and DSTU2 as its final editions are numbered.
pub fn other_fhir_version(stated: &str) -> Option<&str> {
    let major = stated.split('.').next().unwrap_or("");
    let other = matches!(major, "4" | "5" | "6") || matches!(stated, "1.0.1" | "1.0.2");
    other.then_some(stated)
}

/// Whether a package holds the base definitions of STU3, which touchmark carries: it goes by two names.
pub fn is_base_package(name: &str, version: &str) -> bool {
    matches!(name, "hl7.fhir.core" | "hl7.fhir.r3.core") && (version.is_empty() || version.starts_with("3.0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_another_version_is_refused() {
        for stated in ["", "3.0.0", "3.0.1", "3.0.2", "1.0.0", "3.2"] {
            assert_eq!(other_fhir_version(stated), None);
        }
        for stated in ["4.0.1", "5.0.0", "1.0.2"] {
            assert_eq!(other_fhir_version(stated), Some(stated));
        }
    }
}
