//! Units of measure: as much of UCUM as turns one quantity into another of the same dimension.
//!
//! Codes are read by the grammar of <https://ucum.org/ucum>; the atoms are those that health records use. Units on scales of
//! their own (`Cel`, `[degF]`, `pH`) cannot be converted, as `FHIRPath` says, nor can codes that are not known here.

use crate::decimal::Decimal;

/// A unit resolved to base units: `numerator / denominator` times the product of powers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    numerator: i128,
    denominator: i128,
    /// Base symbols with their exponents, sorted, none of them nought.
    dimension: Vec<(&'static str, i32)>,
}

impl Resolved {
    pub(crate) fn is_commensurable(&self, other: &Resolved) -> bool {
        self.dimension == other.dimension
    }

    /// How many of `other` one of this is, as a fraction in its least terms.
    pub(crate) fn over(&self, other: &Resolved) -> Option<(Decimal, Decimal)> {
        let (up, down) = (gcd(self.numerator, other.numerator), gcd(other.denominator, self.denominator));
        let numerator = (self.numerator / up).checked_mul(other.denominator / down)?;
        let denominator = (self.denominator / down).checked_mul(other.numerator / up)?;
        Some((Decimal::new(numerator, 0)?, Decimal::new(denominator, 0)?))
    }
}

/// A product of powers of (prefixed) atoms, as written, and a whole factor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Product {
    factor: i128,
    powers: Vec<(String, i32)>,
}

/// Atoms: code, whether it takes a prefix, value and what it is a multiple of.
const ATOMS: &[(&str, bool, &str, &str)] = &[
    ("%", false, "0.01", ""),
    ("10*", false, "10", ""),
    ("10^", false, "10", ""),
    ("[ppth]", false, "0.001", ""),
    ("[ppm]", false, "0.000001", ""),
    ("[ppb]", false, "0.000000001", ""),
    ("min", false, "60", "s"),
    ("h", false, "3600", "s"),
    ("d", false, "86400", "s"),
    ("wk", false, "604800", "s"),
    ("mo", false, "2629800", "s"),
    ("mo_j", false, "2629800", "s"),
    ("a", false, "31557600", "s"),
    ("a_j", false, "31557600", "s"),
    ("l", true, "0.001", "m3"),
    ("L", true, "0.001", "m3"),
    ("ar", true, "100", "m2"),
    ("t", true, "1000000", "g"),
    ("u", true, "0.00000000000000000000000166054", "g"),
    ("Hz", true, "1", "s-1"),
    ("N", true, "1000", "g.m/s2"),
    ("Pa", true, "1000", "g/m.s2"),
    ("J", true, "1000", "g.m2/s2"),
    ("W", true, "1000", "g.m2/s3"),
    ("A", true, "1", "C/s"),
    ("V", true, "1000", "g.m2/s2.C"),
    ("Ohm", true, "1000", "g.m2/s.C2"),
    ("F", true, "0.001", "C2.s2/g.m2"),
    ("S", true, "0.001", "C2.s/g.m2"),
    ("T", true, "1000", "g/s.C"),
    ("Bq", true, "1", "s-1"),
    ("Ci", true, "37000000000", "s-1"),
    ("Gy", true, "1", "m2/s2"),
    ("Sv", true, "1", "m2/s2"),
    ("kat", true, "1", "mol/s"),
    ("U", true, "0.000001", "mol/min"),
    ("eq", true, "1", "mol"),
    ("osm", true, "1", "mol"),
    ("bar", true, "100000", "Pa"),
    ("atm", false, "101325", "Pa"),
    ("m[Hg]", true, "133322", "Pa"),
    ("m[H2O]", true, "9806.65", "Pa"),
    ("cal", true, "4.184", "J"),
    ("[Cal]", false, "4184", "J"),
    ("dyn", true, "0.00001", "N"),
    ("erg", true, "0.0000001", "J"),
    ("P", true, "0.1", "Pa.s"),
    ("deg", false, "0.017453292519943", "rad"),
    ("[in_i]", false, "0.0254", "m"),
    ("[ft_i]", false, "0.3048", "m"),
    ("[yd_i]", false, "0.9144", "m"),
    ("[mi_i]", false, "1609.344", "m"),
    ("[lb_av]", false, "453.59237", "g"),
    ("[oz_av]", false, "28.349523125", "g"),
    ("[st_av]", false, "6350.29318", "g"),
    ("[gr]", false, "0.06479891", "g"),
    ("[gal_us]", false, "0.003785411784", "m3"),
    ("[qt_us]", false, "0.000946352946", "m3"),
    ("[pt_us]", false, "0.000473176473", "m3"),
    ("[cup_us]", false, "0.0002365882365", "m3"),
    ("[foz_us]", false, "0.0000295735295625", "m3"),
    ("[tbs_us]", false, "0.00001478676478125", "m3"),
    ("[tsp_us]", false, "0.00000492892159375", "m3"),
    ("[gal_br]", false, "0.00454609", "m3"),
    ("[pt_br]", false, "0.00056826125", "m3"),
    ("[foz_br]", false, "0.0000284130625", "m3"),
];

/// Units that are their own dimension: the base units (with the mole, which UCUM counts as a number) and arbitrary units.
const BASES: &[(&str, bool)] = &[
    ("m", true),
    ("s", true),
    ("g", true),
    ("rad", true),
    ("K", true),
    ("C", true),
    ("cd", true),
    ("mol", true),
    ("[iU]", true),
    ("[IU]", true),
    ("[arb'U]", false),
    ("[CFU]", false),
    ("[PFU]", false),
    ("[drp]", false),
];

const PREFIXES: &[(&str, i32)] = &[
    ("da", 1),
    ("Y", 24),
    ("Z", 21),
    ("E", 18),
    ("P", 15),
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("a", -18),
    ("z", -21),
    ("y", -24),
];

impl Product {
    /// Reads a code; `None` when it is not UCUM.
    pub(crate) fn parse(code: &str) -> Option<Product> {
        let mut product = Product { factor: 1, powers: Vec::new() };
        let mut reader = Reader { code, at: 0 };
        if code.len() > 200 {
            return None;
        }
        reader.term(&mut product, 1, 0)?;
        (reader.at == code.len()).then_some(product)
    }

    fn raise(&mut self, atom: &str, exponent: i32) -> Option<()> {
        match self.powers.iter_mut().find(|p| p.0 == atom) {
            Some(power) => power.1 = power.1.checked_add(exponent)?,
            None => self.powers.push((atom.to_owned(), exponent)),
        }
        Some(())
    }

    /// The product with another (its reciprocal, with `invert`).
    pub(crate) fn times(mut self, other: &Product, invert: bool) -> Option<Product> {
        if other.factor != 1 {
            if invert {
                return None;
            }
            self.factor = self.factor.checked_mul(other.factor)?;
        }
        for (atom, exponent) in &other.powers {
            self.raise(atom, if invert { -exponent } else { *exponent })?;
        }
        Some(self)
    }

    /// The code of this product: `cm2`, `g/m`, `/s`, `1`.
    pub(crate) fn code(&self) -> String {
        let mut code = String::new();
        if self.factor != 1 {
            code.push_str(&self.factor.to_string());
        }
        let power = |atom: &str, exponent: i32| match exponent {
            1 => atom.to_owned(),
            _ => format!("{atom}{exponent}"),
        };
        for (atom, exponent) in self.powers.iter().filter(|p| p.1 > 0) {
            if !code.is_empty() {
                code.push('.');
            }
            code.push_str(&power(atom, *exponent));
        }
        for (atom, exponent) in self.powers.iter().filter(|p| p.1 < 0) {
            code.push('/');
            code.push_str(&power(atom, -exponent));
        }
        if code.is_empty() { "1".to_owned() } else { code }
    }

    /// Resolves it to base units; `None` for atoms that are not known and for factors beyond 38 digits.
    pub(crate) fn resolve(&self) -> Option<Resolved> {
        let mut resolved = Resolved { numerator: self.factor, denominator: 1, dimension: Vec::new() };
        for (atom, exponent) in &self.powers {
            resolved.multiply_atom(atom, *exponent, 0)?;
        }
        resolved.dimension.retain(|d| d.1 != 0);
        resolved.dimension.sort_unstable();
        Some(resolved)
    }
}

impl Resolved {
    fn multiply_atom(&mut self, atom: &str, exponent: i32, depth: u32) -> Option<()> {
        if depth > 4 {
            return None;
        }
        if self.multiply_plain(atom, exponent, false, depth)? {
            return Some(());
        }
        for (prefix, power) in PREFIXES {
            let Some(rest) = atom.strip_prefix(prefix) else { continue };
            if self.multiply_plain(rest, exponent, true, depth)? {
                return self.scale(10, 1, power.checked_mul(exponent)?);
            }
        }
        None
    }

    /// `None` for an overflow, `Some(false)` when there is no such atom (that takes a prefix, with `prefixed`).
    fn multiply_plain(&mut self, atom: &str, exponent: i32, prefixed: bool, depth: u32) -> Option<bool> {
        if let Some((base, _)) = BASES.iter().find(|b| b.0 == atom && (b.1 || !prefixed)) {
            match self.dimension.iter_mut().find(|d| d.0 == *base) {
                Some(entry) => entry.1 = entry.1.checked_add(exponent)?,
                None => self.dimension.push((base, exponent)),
            }
            return Some(true);
        }
        let Some((_, _, value, unit)) = ATOMS.iter().find(|a| a.0 == atom && (a.1 || !prefixed)) else {
            return Some(false);
        };
        let value = Decimal::parse(value)?;
        self.scale(value.mantissa(), 10i128.checked_pow(value.scale().into())?, exponent)?;
        if !unit.is_empty() {
            for (atom, power) in &Product::parse(unit)?.powers {
                self.multiply_atom(atom, power.checked_mul(exponent)?, depth + 1)?;
            }
        }
        Some(true)
    }

    fn scale(&mut self, numerator: i128, denominator: i128, exponent: i32) -> Option<()> {
        let power = exponent.unsigned_abs();
        let (up, down) = (numerator.checked_pow(power)?, denominator.checked_pow(power)?);
        let (up, down) = if exponent < 0 { (down, up) } else { (up, down) };
        // Reduced crosswise first, so that kilo over kilo does not overflow.
        let (left, right) = (gcd(up, self.denominator), gcd(self.numerator, down));
        self.numerator = (self.numerator / right).checked_mul(up / left)?;
        self.denominator = (self.denominator / left).checked_mul(down / right)?;
        Some(())
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

struct Reader<'a> {
    code: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.code.as_bytes().get(self.at).copied()
    }

    fn term(&mut self, product: &mut Product, sign: i32, depth: u32) -> Option<()> {
        if depth > 8 {
            return None;
        }
        let mut sign_here = sign;
        if self.peek() == Some(b'/') {
            self.at += 1;
            sign_here = -sign;
        }
        loop {
            self.component(product, sign_here, depth)?;
            // A solidus divides by the next component only; `m/s.kg` is `(m/s).kg`.
            sign_here = match self.peek() {
                Some(b'.') => sign,
                Some(b'/') => -sign,
                _ => return Some(()),
            };
            self.at += 1;
        }
    }

    fn component(&mut self, product: &mut Product, sign: i32, depth: u32) -> Option<()> {
        match self.peek()? {
            b'(' => {
                self.at += 1;
                self.term(product, sign, depth + 1)?;
                if self.peek() != Some(b')') {
                    return None;
                }
                self.at += 1;
            }
            b'{' => self.annotation()?,
            b'0'..=b'9' if !self.code[self.at..].starts_with("10*") && !self.code[self.at..].starts_with("10^") => {
                let factor: i128 = self.digits().parse().ok()?;
                if factor == 0 || (sign < 0 && factor != 1) {
                    return None;
                }
                product.factor = product.factor.checked_mul(factor)?;
            }
            _ => {
                let atom = self.atom()?.to_owned();
                let exponent = self.exponent()?;
                product.raise(&atom, exponent.checked_mul(sign)?)?;
                if self.peek() == Some(b'{') {
                    self.annotation()?;
                }
            }
        }
        Some(())
    }

    /// Annotations are words for people.
    fn annotation(&mut self) -> Option<()> {
        self.at += self.code[self.at..].find('}')? + 1;
        Some(())
    }

    fn digits(&mut self) -> &str {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        &self.code[start..self.at]
    }

    fn atom(&mut self) -> Option<&str> {
        let start = self.at;
        if self.code[start..].starts_with("10") {
            self.at += 3;
            return self.code.get(start..self.at);
        }
        while let Some(byte) = self.peek() {
            match byte {
                b'[' => self.at += self.code[self.at..].find(']')? + 1,
                b'a'..=b'z' | b'A'..=b'Z' | b'%' | b'*' | b'^' | b'\'' | b'"' | b'_' => self.at += 1,
                _ => break,
            }
        }
        (self.at > start).then(|| &self.code[start..self.at])
    }

    fn exponent(&mut self) -> Option<i32> {
        let start = self.at;
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        if self.digits().is_empty() {
            self.at = start;
            return Some(1);
        }
        let exponent: i32 = self.code[start..self.at].parse().ok()?;
        (exponent.abs() <= 30).then_some(exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(code: &str) -> Option<Resolved> {
        Product::parse(code)?.resolve()
    }

    #[test]
    fn the_same_measure_in_other_words() {
        for (a, b) in [("mg/dL", "g/hL"), ("kg.m/s2", "N"), ("10*3/uL", "10*9/L"), ("umol/min", "U"), ("{day}", "1")] {
            assert!(resolve(a).is_some(), "{a}");
            assert_eq!(resolve(a), resolve(b), "{a} {b}");
        }
        assert_eq!(resolve("g/(24.h)"), None);
        assert!(resolve("cm").unwrap().is_commensurable(&resolve("[in_i]").unwrap()));
        assert!(!resolve("cm").unwrap().is_commensurable(&resolve("cm2").unwrap()));
        for code in ["Cel", "pH", "lbs", "", "m/", "(m", "m{", "/", "é", "m\u{301}"] {
            assert_eq!(resolve(code), None, "{code}");
        }
    }

    #[test]
    fn products_are_written_shortly() {
        let check = |a: &str, b: &str, invert, expected: &str| {
            let product = Product::parse(a).unwrap().times(&Product::parse(b).unwrap(), invert).unwrap();
            assert_eq!(product.code(), expected);
        };
        check("cm", "cm", false, "cm2");
        check("m/s", "s", false, "m");
        check("cm2", "cm", true, "cm");
        check("g", "m", true, "g/m");
        check("1", "s", true, "/s");
        check("m", "m", true, "1");
    }
}
