//! Pax extended headers: `LENGTH KEY=VALUE\n`, the length counting itself and the newline.
//!
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>

use super::sparse::Extent;

/// What a pax header says of the entry after it, as far as it is needed.
#[derive(Debug, Default)]
pub(super) struct Pax {
    pub path: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub uid: Option<u64>,
    pub gid: Option<u64>,
    pub sparse: PaxSparse,
}

/// The keys `GNU.sparse.*` of all three versions of the format.
#[derive(Debug, Default)]
pub(super) struct PaxSparse {
    pub major: Option<u64>,
    pub minor: Option<u64>,
    pub name: Option<Vec<u8>>,
    pub size: Option<u64>,
    /// 0.0: pairs of repeated keys. 0.1: one list.
    pub map: Option<Vec<Extent>>,
    offset: Option<u64>,
}

/// One record.
struct Record<'a> {
    key: &'a [u8],
    value: &'a [u8],
}

impl Pax {
    /// Reads all records; a malformed one is an error, as it is for container runtimes.
    pub(super) fn parse(mut text: &[u8]) -> Result<Self, String> {
        let mut pax = Pax::default();
        while let Some(record) = record(&mut text)? {
            pax.take(&record)?;
        }
        Ok(pax)
    }

    /// The keys of a global header that would change how entries are read.
    pub(super) fn stated(&self) -> Vec<&'static str> {
        [
            ("path", self.path.is_some()),
            ("linkpath", self.link.is_some()),
            ("size", self.size.is_some()),
            ("uid", self.uid.is_some()),
            ("gid", self.gid.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, stated)| stated.then_some(key))
        .collect()
    }

    fn take(&mut self, record: &Record<'_>) -> Result<(), String> {
        // An empty value takes back what an earlier record said.
        let text = || match record.value {
            b"" => Ok(None),
            value if value.contains(&0) => Err(format!("{} holds a zero byte", show(record.key))),
            value => Ok(Some(value.to_vec())),
        };
        let number = || match record.value {
            b"" => Ok(None),
            value => decimal(value)
                .map(Some)
                .ok_or_else(|| format!("{}={}", show(record.key), show(value))),
        };
        match record.key {
            b"path" => self.path = text()?,
            b"linkpath" => self.link = text()?,
            b"size" => self.size = number()?,
            b"uid" => self.uid = number()?,
            b"gid" => self.gid = number()?,
            b"GNU.sparse.major" => self.sparse.major = number()?,
            b"GNU.sparse.minor" => self.sparse.minor = number()?,
            b"GNU.sparse.name" => self.sparse.name = text()?,
            b"GNU.sparse.size" => self.sparse.size = number()?,
            b"GNU.sparse.realsize" => self.sparse.size = self.sparse.size.or(number()?),
            b"GNU.sparse.offset" => self.sparse.offset = number()?,
            b"GNU.sparse.numbytes" => {
                let (Some(offset), Some(length)) = (self.sparse.offset.take(), number()?) else {
                    return Err("GNU.sparse.numbytes without GNU.sparse.offset".to_owned());
                };
                self.sparse
                    .map
                    .get_or_insert_default()
                    .push(Extent { offset, length });
            }
            b"GNU.sparse.map" => self.sparse.map = extents(record.value)?,
            _ => {}
        }
        Ok(())
    }
}

/// Takes the first record off `text`; `None` at its end.
fn record<'a>(text: &mut &'a [u8]) -> Result<Option<Record<'a>>, String> {
    let whole = *text;
    if whole.is_empty() {
        return Ok(None);
    }
    let malformed = || format!("malformed record {}", show(whole));
    let space = whole
        .iter()
        .take(20)
        .position(|b| *b == b' ')
        .ok_or_else(malformed)?;
    let length = whole
        .get(..space)
        .and_then(decimal)
        .and_then(|n| usize::try_from(n).ok())
        .ok_or_else(malformed)?;
    let (line, rest) = whole.split_at_checked(length).ok_or_else(malformed)?;
    let line = line
        .get(space + 1..)
        .and_then(|line| line.strip_suffix(b"\n"))
        .ok_or_else(malformed)?;
    let equals = line
        .iter()
        .position(|b| *b == b'=')
        .filter(|at| *at > 0)
        .ok_or_else(malformed)?;
    let (key, value) = line.split_at_checked(equals).ok_or_else(malformed)?;
    *text = rest;
    Ok(Some(Record {
        key,
        value: value.get(1..).unwrap_or_default(),
    }))
}

/// `offset,length,offset,length`.
fn extents(value: &[u8]) -> Result<Option<Vec<Extent>>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    let mut numbers = value.split(|b| *b == b',').map(decimal);
    let mut map = Vec::new();
    while let Some(offset) = numbers.next() {
        let (Some(offset), Some(Some(length))) = (offset, numbers.next()) else {
            return Err(format!("GNU.sparse.map={}", show(value)));
        };
        map.push(Extent { offset, length });
    }
    Ok(Some(map))
}

/// Digits only, within 64 bits.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, b| {
        let digit = b.is_ascii_digit().then(|| u64::from(b - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// The beginning of untrusted bytes, for a message.
pub(super) fn show(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(bytes.get(..60).unwrap_or(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        let pax =
            Pax::parse(b"14 path=a\nb=c\n30 mtime=1700000000.123456789\n12 size=123\n8 uid=7\n").unwrap();
        assert_eq!(pax.path.as_deref(), Some(&b"a\nb=c"[..]));
        assert_eq!((pax.size, pax.uid, pax.gid), (Some(123), Some(7), None));
        assert_eq!(Pax::parse(b"10 path=a\n8 path=\n").unwrap().path, None);
        assert_eq!(
            Pax::parse(b"9 path=\xff\n").unwrap().path.as_deref(),
            Some(&b"\xff"[..])
        );
    }

    #[test]
    fn malformed_records_are_errors() {
        for text in [
            &b"x"[..],
            b"9 path=a",
            b"99999999999999999999 path=a\n",
            b"-1 path=a\n",
            b"100 path=a\n",
            b"3 a\n",
            b"5 =a\n",
            b"11 size=-1\n",
            b"29 size=18446744073709551616\n",
            b"11 path=a\0\n",
            b"25 GNU.sparse.numbytes=1\n",
            b"21 GNU.sparse.map=0,\n",
        ] {
            assert!(Pax::parse(text).is_err(), "{}", show(text));
        }
    }
}
