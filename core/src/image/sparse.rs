//! Files with holes: which stretches of a file are stored, in the old GNU format and in three of pax.
//!
//! <https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html>

use super::pax::decimal;

/// Stretches a map may have: beyond any real file, and 16 MiB of memory.
const MOST_EXTENTS: usize = 1 << 20;

/// A stored stretch of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub offset: u64,
    pub length: u64,
}

impl Extent {
    pub(super) fn end(self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}

/// Adds the entries of one block of the old GNU format; `false` once the list has ended.
pub(super) fn add_gnu(map: &mut Vec<Extent>, entries: &[tar::GnuSparseHeader]) -> Result<bool, String> {
    for entry in entries {
        if entry.is_empty() {
            return Ok(false);
        }
        let (Some(offset), Some(length)) = (number(&entry.offset), number(&entry.numbytes)) else {
            return Err("sparse map with a malformed number".to_owned());
        };
        push(map, Extent { offset, length })?;
    }
    Ok(true)
}

/// Reads the map at the start of the stored bytes (pax 1.0), line by line.
#[derive(Default)]
pub(super) struct LeadingMap {
    pub map: Vec<Extent>,
    announced: Option<u64>,
    offset: Option<u64>,
    line: Vec<u8>,
}

impl LeadingMap {
    /// Takes one block of the map; `true` when the map is complete.
    pub(super) fn add_block(&mut self, block: &[u8]) -> Result<bool, String> {
        for byte in block {
            if *byte != b'\n' {
                if self.line.len() == 20 {
                    return Err("sparse map with a number of more than 20 digits".to_owned());
                }
                self.line.push(*byte);
                continue;
            }
            let number = decimal(&self.line).ok_or("sparse map with a malformed number")?;
            self.line.clear();
            match (self.announced, self.offset) {
                (None, _) => self.announced = Some(number),
                (Some(_), None) => self.offset = Some(number),
                (Some(_), Some(offset)) => {
                    push(
                        &mut self.map,
                        Extent {
                            offset,
                            length: number,
                        },
                    )?;
                    self.offset = None;
                }
            }
            if self.announced == Some(self.map.len() as u64) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Checks that the stretches ascend within `size` and are exactly the `stored` bytes.
pub(super) fn check(map: &[Extent], size: u64, stored: u64) -> Result<(), String> {
    let mut at = 0;
    let mut sum = 0u64;
    for extent in map {
        let end = extent
            .offset
            .checked_add(extent.length)
            .filter(|end| *end <= size);
        let (Some(end), true) = (end, extent.offset >= at) else {
            return Err(format!(
                "sparse map out of order or beyond {size} bytes at offset {}",
                extent.offset
            ));
        };
        at = end;
        sum = sum.saturating_add(extent.length);
    }
    if sum != stored {
        return Err(format!("sparse map of {sum} bytes over {stored} stored bytes"));
    }
    Ok(())
}

fn push(map: &mut Vec<Extent>, extent: Extent) -> Result<(), String> {
    if map.len() >= MOST_EXTENTS {
        return Err(format!("sparse map of more than {MOST_EXTENTS} stretches"));
    }
    map.push(extent);
    Ok(())
}

/// A numeric field of a header: octal text, or binary where the highest bit is set. Empty means zero.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first()
        && first & 0x80 != 0
    {
        // 0xff starts a negative number.
        let first = u64::from(first & 0x7f);
        return rest
            .iter()
            .try_fold(first, |sum, b| sum.checked_mul(256)?.checked_add(u64::from(*b)));
    }
    let blank = |b: &u8| matches!(b, b' ' | 0);
    let start = field.iter().position(|b| !blank(b)).unwrap_or(field.len());
    let digits = field.get(start..).unwrap_or_default();
    let end = digits.iter().position(blank).unwrap_or(digits.len());
    let digits = digits.get(..end).unwrap_or_default();
    digits.iter().try_fold(0u64, |sum, b| {
        let digit = matches!(b, b'0'..=b'7').then(|| u64::from(b - b'0'))?;
        sum.checked_mul(8)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_headers() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(b"\0\0\0\0\0\0\0\0"), Some(0));
        assert_eq!(number(b"77777777777"), Some(0o77_777_777_777));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(2 << 32));
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None);
        assert_eq!(number(b"0000648\0"), None);
        assert_eq!(number(b"-1\0"), None);
    }

    #[test]
    fn leading_maps() {
        let mut leading = LeadingMap::default();
        assert_eq!(leading.add_block(b"2\n0\n5"), Ok(false));
        assert_eq!(leading.add_block(b"12\n4096\n1\n\0\0\0"), Ok(true));
        assert_eq!(
            leading.map,
            [
                Extent {
                    offset: 0,
                    length: 512
                },
                Extent {
                    offset: 4096,
                    length: 1
                }
            ]
        );
        assert_eq!(LeadingMap::default().add_block(b"0\n"), Ok(true));
        assert!(LeadingMap::default().add_block(b"1\n-4\n").is_err());
        assert!(LeadingMap::default().add_block(&[b'1'; 512]).is_err());
    }

    #[test]
    fn maps_must_ascend_and_add_up() {
        let extent = |offset, length| Extent { offset, length };
        assert!(check(&[], 9, 0).is_ok());
        assert!(check(&[extent(0, 2), extent(2, 1), extent(9, 0)], 9, 3).is_ok());
        assert!(check(&[extent(0, 2), extent(1, 1)], 9, 3).is_err());
        assert!(check(&[extent(8, 2)], 9, 2).is_err());
        assert!(check(&[extent(u64::MAX, 2)], u64::MAX, 2).is_err());
        assert!(check(&[extent(0, 2)], 9, 3).is_err());
    }
}
