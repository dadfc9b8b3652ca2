//! The compressions that layers and whole archives come in, told by their first bytes.
//!
//! The media type is no help: registries and build tools get it wrong, and container runtimes look at the
//! bytes as well.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Memory an xz stream may ask for, in KiB: `xz -9` needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 128 << 10;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
    Xz,
    /// Known, but not read.
    Bzip2,
}

impl Compression {
    /// Tells it from the first bytes.
    pub(super) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            // A frame, or a skippable frame: eStargz' successor zstd:chunked writes both.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "tar",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }

    /// The uncompressed bytes of `source`.
    pub(super) fn decode<'a>(self, source: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(source),
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            Self::Zstd => Box::new(ZstdFrames {
                source,
                decoder: FrameDecoder::new(),
                inside: false,
            }),
            Self::Xz => Box::new(XzReader::new_mem_limit(source, true, XZ_MEMORY_KIB)),
            Self::Bzip2 => {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "bzip2 compression is not supported",
                ));
            }
        })
    }
}

/// All frames of a zstd stream after one another; skippable frames are skipped.
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    inside: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    /// Starts the next frame; `false` at the end of the stream.
    fn start(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => {
                    self.inside = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(invalid(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside && !self.start()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(invalid)?;
            }
            let read = self.decoder.read(out)?;
            if read > 0 {
                return Ok(read);
            }
            self.inside = !self.decoder.is_finished();
        }
    }
}

fn invalid(error: FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_by_the_first_bytes() {
        assert_eq!(Compression::of(b""), Compression::None);
        assert_eq!(Compression::of(b"\x1f\x8b"), Compression::None);
        assert_eq!(Compression::of(b"\x1f\x8b\x08\0"), Compression::Gzip);
        assert_eq!(Compression::of(b"\x28\xb5\x2f\xfd"), Compression::Zstd);
        assert_eq!(Compression::of(b"\x50\x2a\x4d\x18"), Compression::Zstd);
        assert_eq!(Compression::of(b"\xfd7zXZ\0"), Compression::Xz);
        assert_eq!(Compression::of(b"BZh91AY&SY"), Compression::Bzip2);
        assert_eq!(Compression::of(b"BZhello"), Compression::None);
    }

    #[test]
    fn zstd_frames_follow_one_another() {
        let frame = |text: &[u8]| {
            ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
        };
        let skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
        let stream = [
            &skippable[..],
            &frame(b"one "),
            skippable,
            &frame(b""),
            &frame(b"two"),
            skippable,
        ]
        .concat();
        let mut text = Vec::new();
        Compression::Zstd
            .decode(&stream[..])
            .unwrap()
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, b"one two");
        for cut in [3, 9, 15, stream.len() - 1] {
            let mut text = Vec::new();
            assert!(
                Compression::Zstd
                    .decode(&stream[..cut])
                    .unwrap()
                    .read_to_end(&mut text)
                    .is_err(),
                "{cut}"
            );
        }
    }
}
