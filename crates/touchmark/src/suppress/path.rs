//! Patterns of places: an expression as outcomes write it, with wildcards for indexes and for steps.

/// A pattern of the places of findings.
///
/// Steps are separated by dots. A step is a name, `*` for any one, or `**` for any number of them; a name or `*` may have an
/// index (`entry[3]`), and without one, or with `[*]`, it stands for all.
///
/// ```
/// use touchmark::suppress::PathPattern;
///
/// let pattern: PathPattern = "Bundle.entry[*].resource.**.reference".parse().unwrap();
/// assert!(pattern.matches("Bundle.entry[3].resource.participant[0].individual.reference"));
/// assert!(!pattern.matches("Bundle.entry[3].resource.id"));
/// assert_eq!("Bundle..id".parse::<PathPattern>().unwrap_err(), "a step is empty");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathPattern(Vec<Step>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    /// Any number of steps.
    Any,
    /// One step: a name, or any; an index, or any.
    One(Option<String>, Option<u32>),
}

impl PathPattern {
    /// Whether an expression is of this pattern.
    pub fn matches(&self, expression: &str) -> bool {
        let steps: Vec<(&str, Option<u32>)> = expression.split('.').map(named).collect();
        // Where the last `**` stands and how many steps it has taken so far: what comes after is tried again one step later.
        let (mut pattern, mut at, mut back) = (0, 0, None);
        while at < steps.len() {
            match self.0.get(pattern) {
                Some(Step::Any) => {
                    back = Some((pattern, at));
                    pattern += 1;
                }
                Some(Step::One(name, index))
                    if name.as_ref().is_none_or(|n| n == steps[at].0)
                        && index.is_none_or(|i| i == steps[at].1.unwrap_or(0)) =>
                {
                    pattern += 1;
                    at += 1;
                }
                _ => {
                    let Some((any, taken)) = back else { return false };
                    back = Some((any, taken + 1));
                    (pattern, at) = (any + 1, taken + 1);
                }
            }
        }
        self.0[pattern..].iter().all(|step| *step == Step::Any)
    }
}

impl std::str::FromStr for PathPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split('.').map(step).collect::<Result<_, _>>().map(PathPattern)
    }
}

fn step(text: &str) -> Result<Step, String> {
    if text == "**" {
        return Ok(Step::Any);
    }
    let (name, index) = match text.split_once('[') {
        None => (text, None),
        Some((name, rest)) => {
            let index = rest.strip_suffix(']').ok_or_else(|| format!("{text} has no closing bracket at its end"))?;
            let number = || index.parse().map_err(|_| format!("{text}: an index is a number or *"));
            (name, if index == "*" { None } else { Some(number()?) })
        }
    };
    match name {
        "" => Err("a step is empty".to_owned()),
        "*" => Ok(Step::One(None, index)),
        _ if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
            Ok(Step::One(Some(name.to_owned()), index))
        }
        _ => Err(format!("{name} is neither the name of an element nor * or **")),
    }
}

/// A step of an expression and its index.
fn named(step: &str) -> (&str, Option<u32>) {
    match step.strip_suffix(']').and_then(|s| s.split_once('[')) {
        Some((name, index)) => (name, index.parse().ok()),
        None => (step, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_indexes() {
        let check = |pattern: &str, path: &str, expected: bool| {
            assert_eq!(pattern.parse::<PathPattern>().unwrap().matches(path), expected, "{pattern} {path}");
        };
        check("Patient.name", "Patient.name[3]", true);
        check("Patient.name[*]", "Patient.name[3]", true);
        check("Patient.name[3]", "Patient.name[3]", true);
        check("Patient.name[3]", "Patient.name[30]", false);
        check("Patient.name[0]", "Patient.name", true);
        check("Patient.name", "Patient.name[0].family", false);
        check("Patient.*", "Patient.name[0]", true);
        check("Patient.*.family", "Patient.family", false);
        check("Patient", "Patient", true);
        check("*", "Patient.name", false);
        check("**", "Patient.name", true);
        check("Patient.**", "Patient", true);
        check("Patient.**", "Patient.a.b.c", true);
        check("**.a.b", "R.a.a.b", true);
        check("**.a.**.b", "R.a.c.b.a.b", true);
        check("**.a.**.b", "R.a.c.b.a", false);
        check("R.**.c[1]", "R.a.c[0].c[1]", true);
        check("R.a.**.**", "R.a", true);
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (text, reason) in [
            ("", "a step is empty"),
            ("Bundle.entry[x]", "entry[x]: an index is a number or *"),
            ("Bundle.entry[1", "entry[1 has no closing bracket at its end"),
            ("Bundle.entry[-1]", "entry[-1]: an index is a number or *"),
            ("Bundle.value.ofType(Quantity)", "ofType(Quantity) is neither the name of an element nor * or **"),
            ("Bundle.ent*", "ent* is neither the name of an element nor * or **"),
        ] {
            assert_eq!(text.parse::<PathPattern>(), Err(reason.to_owned()));
        }
    }
}
