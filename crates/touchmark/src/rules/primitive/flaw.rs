//! The ways in which a value can fail to be of its primitive type, each with its sentence.

/// Why a value is not of its type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
#[repr(u8)]
pub enum Flaw {
    /// No characters at all.
    Empty,
    /// Nothing but white space.
    Blank,
    /// A good value with white space before or after it.
    SpaceAround,
    /// A character below U+0020 other than tab, line feed and carriage return.
    ControlCharacter,
    /// A string of more than 1,048,576 characters.
    TooLong,
    /// Neither `true` nor `false`.
    NotABoolean,
    /// Not digits, with a minus at most.
    NotAnInteger,
    /// Not digits with a point at most.
    NotADecimal,
    /// A number that begins with a zero that says nothing.
    LeadingZero,
    /// An integer its type has no room for.
    OutOfRange,
    /// A number with an exponent.
    Exponent,
    /// Not year, month, day with hyphens.
    DateForm,
    /// A year that is not four digits.
    YearRange,
    /// The year 0000.
    NoSuchYear,
    /// A month other than 01 to 12.
    NoSuchMonth,
    /// A day the month does not have in that year.
    NoSuchDay,
    /// A date with a time behind it.
    TimeNotAllowed,
    /// A date or time with a zone behind it.
    ZoneNotAllowed,
    /// An instant without a time.
    TimeMissing,
    /// Something other than `T` between day and time.
    TimeMark,
    /// Not hours, minutes, seconds with colons.
    TimeForm,
    /// A time of hours and minutes only.
    SecondsMissing,
    /// An hour after 23, a minute or a second after 59.
    NoSuchTime,
    /// The second 60.
    LeapSecond,
    /// A time of some day without a zone.
    TimeWithoutZone,
    /// Neither `Z` nor `±hh:mm`.
    ZoneForm,
    /// A zone further than 14 hours from UTC, or with minutes after 59.
    NoSuchZone,
    /// An id with other characters than letters, digits, `-` and `.`.
    IdCharacters,
    /// An id of more than 64 characters.
    IdLength,
    /// White space in a URI.
    UriBlank,
    /// An OID that lacks `urn:oid:`.
    OidPrefix,
    /// Not an OID.
    OidForm,
    /// A UUID that lacks `urn:uuid:`.
    UuidPrefix,
    /// Not a UUID.
    UuidForm,
    /// A UUID with capital letters.
    UuidUpperCase,
    /// White space in a code other than single spaces inside.
    CodeBlanks,
    /// A character base64 does not have.
    Base64Characters,
    /// `=` in the middle, or too many.
    Base64Padding,
    /// Base64 that is not whole groups of four.
    Base64Length,
    /// Base64 whose last symbol says more than the bytes it ends.
    Base64Bits,
}

impl Flaw {
    /// What is wrong, in a short sentence without a full stop that fits any value.
    pub fn sentence(self) -> &'static str {
        match self {
            Flaw::Empty => "the value is empty",
            Flaw::Blank => "the value is only white space",
            Flaw::SpaceAround => "white space before or after the value",
            Flaw::ControlCharacter => "the value has a control character",
            Flaw::TooLong => "the value is longer than 1,048,576 characters",
            Flaw::NotABoolean => "a boolean is true or false",
            Flaw::NotAnInteger => "an integer is digits, with a minus sign at most",
            Flaw::NotADecimal => "a decimal is digits with one point at most",
            Flaw::LeadingZero => "a number does not begin with a superfluous zero",
            Flaw::OutOfRange => "the number is outside the range of its type",
            Flaw::Exponent => "a decimal has no exponent in STU3",
            Flaw::DateForm => "a date is YYYY, YYYY-MM or YYYY-MM-DD",
            Flaw::YearRange => "a year has four digits",
            Flaw::NoSuchYear => "there is no year 0000",
            Flaw::NoSuchMonth => "there is no such month",
            Flaw::NoSuchDay => "there is no such day in that month",
            Flaw::TimeNotAllowed => "a date has no time of day",
            Flaw::ZoneNotAllowed => "a date or time has no zone",
            Flaw::TimeMissing => "an instant needs a time and a zone",
            Flaw::TimeMark => "date and time are joined by a capital T",
            Flaw::TimeForm => "a time is hh:mm:ss, with a fraction at most",
            Flaw::SecondsMissing => "a time needs its seconds",
            Flaw::NoSuchTime => "there is no such time of day",
            Flaw::LeapSecond => "a leap second is not allowed in STU3",
            Flaw::TimeWithoutZone => "a date with a time needs a zone",
            Flaw::ZoneForm => "a zone is Z, +hh:mm or -hh:mm",
            Flaw::NoSuchZone => "a zone is at most 14 hours from UTC",
            Flaw::IdCharacters => "an id has only letters, digits, hyphens and points",
            Flaw::IdLength => "an id has at most 64 characters",
            Flaw::UriBlank => "a URI has no white space",
            Flaw::OidPrefix => "an OID is written with urn:oid: before it",
            Flaw::OidForm => "an OID is numbers with points, the first 0, 1 or 2",
            Flaw::UuidPrefix => "a UUID is written with urn:uuid: before it",
            Flaw::UuidForm => "a UUID is hexadecimal digits grouped 8-4-4-4-12",
            Flaw::UuidUpperCase => "a UUID is written in lower case",
            Flaw::CodeBlanks => "a code has no white space but single inner spaces",
            Flaw::Base64Characters => "base64 does not have such a character",
            Flaw::Base64Padding => "base64 ends with at most two equals signs",
            Flaw::Base64Length => "base64 comes in whole groups of four characters",
            Flaw::Base64Bits => "the last character of the base64 has stray bits",
        }
    }
}
