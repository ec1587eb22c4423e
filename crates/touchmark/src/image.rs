//! The image of packs: all rule files in one run of bytes that a program can carry and open without copying.

use crate::library::Package;

const MAGIC: &str = "touchmark-image-1";

/// An opened image.
#[derive(Debug, Default)]
pub struct Image<'a> {
    /// Every element and type name that the definitions use.
    pub names: Vec<&'a str>,
    /// The packs, base first.
    pub packages: Vec<Package>,
    /// The rule files.
    pub entries: Vec<Row<'a>>,
}

/// One rule file of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The number of its pack.
    pub package: u32,
    /// The resource type.
    pub resource: &'a str,
    /// The canonical url.
    pub url: &'a str,
    /// The version.
    pub version: &'a str,
    /// The name.
    pub name: &'a str,
    /// The status.
    pub status: &'a str,
    /// The type of a StructureDefinition.
    pub type_name: &'a str,
    /// The base of a StructureDefinition.
    pub base: &'a str,
    /// The lean rule file.
    pub text: &'a str,
}

impl<'a> Image<'a> {
    /// Opens an image.
    ///
    /// # Errors
    /// When the bytes are cut short, not UTF-8, or not an image of this version.
    pub fn read(bytes: &'a [u8]) -> Result<Image<'a>, String> {
        let mut reader = Reader { rest: bytes };
        if reader.text()? != MAGIC {
            return Err("not a touchmark image of this version".into());
        }
        let names = reader.text()?.split('\n').collect();
        let mut packages = Vec::new();
        for _ in 0..reader.number()? {
            packages.push(Package { name: reader.text()?.into(), version: reader.text()?.into() });
        }
        let count = reader.number()?;
        let mut entries = Vec::with_capacity(count.min(100_000) as usize);
        for _ in 0..count {
            entries.push(Row {
                package: reader.number()?,
                resource: reader.text()?,
                url: reader.text()?,
                version: reader.text()?,
                name: reader.text()?,
                status: reader.text()?,
                type_name: reader.text()?,
                base: reader.text()?,
                text: reader.text()?,
            });
        }
        Ok(Image { names, packages, entries })
    }

    /// Writes an image.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        text(&mut out, MAGIC);
        text(&mut out, &self.names.join("\n"));
        number(&mut out, self.packages.len());
        for package in &self.packages {
            text(&mut out, &package.name);
            text(&mut out, &package.version);
        }
        number(&mut out, self.entries.len());
        for row in &self.entries {
            number(&mut out, row.package as usize);
            for part in
                [row.resource, row.url, row.version, row.name, row.status, row.type_name, row.base, row.text]
            {
                text(&mut out, part);
            }
        }
        out
    }
}

fn number(out: &mut Vec<u8>, value: usize) {
    out.extend_from_slice(&(value as u32).to_le_bytes());
}

fn text(out: &mut Vec<u8>, value: &str) {
    number(out, value.len());
    out.extend_from_slice(value.as_bytes());
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u32, String> {
        let (bytes, rest) = self.rest.split_first_chunk::<4>().ok_or("the image is cut short")?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn text(&mut self) -> Result<&'a str, String> {
        let len = self.number()? as usize;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or("the image is cut short")?;
        self.rest = rest;
        str::from_utf8(bytes).map_err(|_| "the image is not UTF-8".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_read_as_it_was_written() {
        let row = Row { package: 0, resource: "ValueSet", url: "http://example.org/v", text: "{}", ..Row::default() };
        let image = Image {
            names: vec!["active", "name"],
            packages: vec![Package { name: "base".into(), version: "1".into() }],
            entries: vec![row],
        };
        let bytes = image.write();
        let read = Image::read(&bytes).expect("an image");
        assert_eq!((read.names, read.packages, read.entries), (image.names, image.packages, image.entries));
        assert!(Image::read(&bytes[..bytes.len() - 1]).is_err());
        assert!(Image::read(b"PK").is_err());
    }
}
