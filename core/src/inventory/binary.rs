//! Executables that say what they were built from: Go build info and the dependency list of cargo-auditable.
//!
//! Nearly every executable of an image says neither, so the headers decide: they give the one place where
//! each of the two can stand, and nothing else of the file is looked at.

use std::io::Read;

use object::elf::{FileHeader32, FileHeader64, PF_W, PF_X, PT_LOAD};
use object::macho::{MachHeader32, MachHeader64};
use object::pe::{ImageDosHeader, ImageNtHeaders32, ImageNtHeaders64};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::read::macho::{MachHeader, Section, Segment};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader};
use object::{BigEndian, Endianness, U32};

use super::{Extractor, Found, Location, Package, Reader, Scope, go_binary, identity, rust_binary};
use crate::Limits;
use crate::image::FileHeader as File;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "binary",
    wants,
    read: Reader::Stream(read),
};

/// Bytes of a large file that hold its program headers, section table (PE) or load commands (Mach-O).
const HEAD: u64 = 64 << 10;

/// Bytes by which the names of sections are told apart.
const SECTION_NAME: usize = 16;

fn wants(_header: &File, head: &[u8]) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] => true,
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        // A Java class begins like a fat Mach-O; its next word is a version, 45 or more, where the other has
        // the number of architectures.
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, 0, 0, 0, 1..=44, ..] => true,
        _ => false,
    }
}

fn read(header: &File, body: &mut dyn Read, limits: &Limits, found: &mut Found) {
    let mut report = Report { header, found };
    if header.size > limits.file_bytes {
        return go_binary::read_large(body, HEAD, &mut report);
    }
    let mut data = Vec::with_capacity(usize::try_from(header.size).unwrap_or_default());
    if let Err(error) = body.take(limits.file_bytes).read_to_end(&mut data) {
        return report.note(format!("cannot be read: {error}"));
    }
    let Some(layout) = Layout::parse(&data) else {
        return;
    };
    go_binary::read(&layout, &data, &mut report);
    rust_binary::read(&layout, &data, &mut report);
}

/// Where what is found about one executable goes.
pub(super) struct Report<'a> {
    header: &'a File,
    found: &'a mut Found,
}

impl Report<'_> {
    pub(super) fn note(&mut self, reason: String) {
        self.found.note(self.header, reason);
    }

    pub(super) fn package(
        &mut self,
        found_by: &'static str,
        ecosystem: &str,
        name: &str,
        version: &str,
        scope: Scope,
    ) {
        let mut package = Package::new(name, version, ecosystem, found_by);
        package.purl = match ecosystem {
            "Go" => identity::go(name, version),
            "crates.io" => identity::rust(name, version),
            _ => None,
        };
        package.scope = Some(scope);
        package.locations = vec![Location {
            path: self.header.path.to_string(),
            layer: None,
        }];
        self.found.package(self.header, package);
    }
}

/// Part of a file and the address it is loaded at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// What the headers of an executable tell about where its content lies.
#[derive(Debug, Default)]
pub(super) struct Layout {
    mappings: Vec<Mapping>,
    /// Address and size of what holds Go build info: the section made for it, else the first writable data.
    pub(super) go_data: Option<(u64, u64)>,
    /// Whether that section is there, which only Go writes.
    pub(super) go_section: bool,
    /// All writable data: where to look while the section table, at the end of the file, is not yet known.
    pub(super) writable: Vec<Mapping>,
    /// Offset and size of `.dep-v0`.
    pub(super) rust_list: Option<(u64, u64)>,
}

impl Layout {
    /// Reads the headers; of a file that was cut after them, only what they say by themselves.
    pub(super) fn parse(data: &[u8]) -> Option<Self> {
        let mut layout = Self::default();
        match data {
            [0x7f, b'E', b'L', b'F', 1, ..] => layout.elf::<FileHeader32<Endianness>>(data),
            [0x7f, b'E', b'L', b'F', 2, ..] => layout.elf::<FileHeader64<Endianness>>(data),
            [b'M', b'Z', ..] => layout
                .pe::<ImageNtHeaders64>(data)
                .or_else(|| layout.pe::<ImageNtHeaders32>(data)),
            [0xfe, 0xed, 0xfa, 0xce, ..] | [0xce, 0xfa, 0xed, 0xfe, ..] => {
                layout.macho::<MachHeader32<Endianness>>(data, 0)
            }
            [0xfe, 0xed, 0xfa, 0xcf, ..] | [0xcf, 0xfa, 0xed, 0xfe, ..] => {
                layout.macho::<MachHeader64<Endianness>>(data, 0)
            }
            // The architectures of a fat file are built from one source; the first speaks for all.
            [0xca, 0xfe, 0xba, 0xbe, ..] => layout.fat(data, word(data, 16)?.into()),
            [0xca, 0xfe, 0xba, 0xbf, ..] => layout.fat(
                data,
                u64::from(word(data, 16)?) << 32 | u64::from(word(data, 20)?),
            ),
            _ => None,
        }?;
        Some(layout)
    }

    /// The mapping that holds `address`, from there on.
    pub(super) fn at(&self, address: u64) -> Option<Mapping> {
        self.mappings.iter().find_map(|m| {
            let skip = address.checked_sub(m.address)?;
            let size = m.size.checked_sub(skip).filter(|rest| *rest > 0)?;
            Some(Mapping {
                address,
                offset: m.offset.checked_add(skip)?,
                size,
            })
        })
    }

    /// The bytes from `address` to the end of what is mapped there.
    pub(super) fn bytes<'a>(&self, data: &'a [u8], address: u64) -> Option<&'a [u8]> {
        let mapping = self.at(address)?;
        let rest = data.get(usize::try_from(mapping.offset).ok()?..)?;
        let size = usize::try_from(mapping.size).unwrap_or(usize::MAX);
        Some(rest.get(..size).unwrap_or(rest))
    }

    fn elf<H: FileHeader<Endian = Endianness>>(&mut self, data: &[u8]) -> Option<()> {
        let header = H::parse(data).ok()?;
        let endian = header.endian().ok()?;
        for segment in header.program_headers(endian, data).unwrap_or_default() {
            let mapping = Mapping {
                address: segment.p_vaddr(endian).into(),
                offset: segment.p_offset(endian).into(),
                size: segment.p_filesz(endian).into(),
            };
            let flags = segment.p_flags(endian);
            let writable = segment.p_type(endian) == PT_LOAD && flags & (PF_W | PF_X) == PF_W;
            if writable {
                self.writable.push(mapping);
                self.go_data
                    .get_or_insert((mapping.address, segment.p_memsz(endian).into()));
            }
            self.mappings.push(mapping);
        }
        // The section table stands at the end: a file read from the front, or a damaged one, has none.
        let Ok(sections) = header.sections(endian, data) else {
            return Some(());
        };
        let names = header
            .section_strings_index(endian, data)
            .and_then(|at| sections.section(at))
            .and_then(|table| table.data(endian, data))
            .unwrap_or_default();
        for section in sections.iter() {
            // Looking for the end of each name would read a table without ends once a section.
            let at = usize::try_from(section.sh_name(endian)).unwrap_or(usize::MAX);
            let name = names.get(at..).unwrap_or_default();
            match name
                .get(..SECTION_NAME)
                .unwrap_or(name)
                .split(|byte| *byte == 0)
                .next()
            {
                Some(b".go.buildinfo") if !self.go_section => {
                    self.go_data = Some((section.sh_addr(endian).into(), section.sh_size(endian).into()));
                    self.go_section = true;
                }
                Some(b".dep-v0") => {
                    let at = section.sh_offset(endian).into();
                    self.rust_list = Some((at, section.sh_size(endian).into()));
                }
                _ => {}
            }
        }
        Some(())
    }

    fn pe<H: ImageNtHeaders>(&mut self, data: &[u8]) -> Option<()> {
        use object::pe::{
            IMAGE_SCN_ALIGN_32BYTES, IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_READ, IMAGE_SCN_MEM_WRITE,
        };
        let writable_data = IMAGE_SCN_CNT_INITIALIZED_DATA.0 | IMAGE_SCN_MEM_READ.0 | IMAGE_SCN_MEM_WRITE.0;
        let mut offset = ImageDosHeader::parse(data).ok()?.nt_headers_offset().into();
        let (headers, _) = H::parse(data, &mut offset).ok()?;
        let base = headers.optional_header().image_base();
        for section in headers.sections(data, offset).ok()?.iter() {
            let address = section.virtual_address.get(object::LittleEndian);
            let size = section.size_of_raw_data.get(object::LittleEndian);
            let mapping = Mapping {
                address: base.wrapping_add(address.into()),
                offset: section.pointer_to_raw_data.get(object::LittleEndian).into(),
                size: size.into(),
            };
            let flags = section.characteristics.get(object::LittleEndian);
            let is_data = flags.0 & !IMAGE_SCN_ALIGN_32BYTES.0 == writable_data;
            if is_data && address != 0 && size != 0 {
                let size = section.virtual_size.get(object::LittleEndian);
                self.writable.push(mapping);
                self.go_data.get_or_insert((mapping.address, size.into()));
            }
            if section.raw_name() == b".dep-v0" {
                // What is stored is padded to whole sectors; the size in memory is that of the list.
                let size = section.virtual_size.get(object::LittleEndian).min(size);
                self.rust_list = Some((mapping.offset, size.into()));
            }
            self.mappings.push(mapping);
        }
        Some(())
    }

    fn fat(&mut self, data: &[u8], at: u64) -> Option<()> {
        match data.get(usize::try_from(at).ok()?..)? {
            [0xfe, 0xed, 0xfa, 0xce, ..] | [0xce, 0xfa, 0xed, 0xfe, ..] => {
                self.macho::<MachHeader32<Endianness>>(data, at)
            }
            _ => self.macho::<MachHeader64<Endianness>>(data, at),
        }
    }

    /// `at`: where the image starts in the file; its offsets count from there.
    fn macho<H: MachHeader<Endian = Endianness>>(&mut self, data: &[u8], at: u64) -> Option<()> {
        let header = H::parse(data, at).ok()?;
        let endian = header.endian().ok()?;
        let mut commands = header.load_commands(endian, data, at).ok()?;
        while let Ok(Some(command)) = commands.next() {
            let Ok(Some((segment, rest))) = H::Segment::from_command(command) else {
                continue;
            };
            if segment.name() == b"__PAGEZERO" {
                continue;
            }
            let mapping = Mapping {
                address: segment.vmaddr(endian).into(),
                offset: at.checked_add(segment.fileoff(endian).into())?,
                size: segment.filesize(endian).into(),
            };
            let (first, most) = (segment.initprot(endian).0, segment.maxprot(endian).0);
            let is_data = first == 3 && most == 3 && mapping.address != 0 && mapping.size != 0;
            if is_data {
                self.writable.push(mapping);
                self.go_data
                    .get_or_insert((mapping.address, segment.vmsize(endian).into()));
            }
            self.mappings.push(mapping);
            for section in segment.sections(endian, rest).unwrap_or_default() {
                match section.name() {
                    b"__go_buildinfo" if !self.go_section => {
                        self.go_data = Some((section.addr(endian).into(), section.size(endian).into()));
                        self.go_section = true;
                    }
                    b".dep-v0" => {
                        let offset = at.checked_add(section.offset(endian).into())?;
                        self.rust_list = Some((offset, section.size(endian).into()));
                    }
                    _ => {}
                }
            }
        }
        Some(())
    }
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    let (word, _) = object::pod::from_bytes::<U32<BigEndian>>(data.get(at..)?).ok()?;
    Some(word.get(BigEndian))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Fact;
    use super::*;
    use crate::inventory::tests::header;

    pub(in super::super) fn examine(path: &str, data: &[u8], limits: &Limits) -> (Vec<Package>, Vec<String>) {
        let header = header(path, data.len(), 0);
        let mut found = Found::default();
        if wants(&header, data.get(..512).unwrap_or(data)) {
            read(&header, &mut &*data, limits, &mut found);
        }
        let packages = found.facts.into_iter().filter_map(|(_, fact)| match fact {
            Fact::Package { package, .. } => Some(package),
            _ => None,
        });
        let notes = found.notes.into_iter().map(|(_, note)| note.reason);
        (packages.collect(), notes.collect())
    }

    /// A little-endian ELF of 64 bits whose one writable segment, loaded at 0x1000, is `content`, with
    /// a section of that name over it.
    pub(in super::super) fn elf(section: &str, content: &[u8]) -> Vec<u8> {
        let names = format!("\0{section}\0.shstrtab\0");
        let content_at = 128u64;
        let names_at = content_at + content.len() as u64;
        let sections_at = names_at + names.len() as u64;
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
        let words = |file: &mut Vec<u8>, words: &[u64]| {
            words.iter().for_each(|word| file.extend(word.to_le_bytes()));
        };
        words(&mut file, &[0x1000, 64, sections_at]);
        for half in [0u16, 0, 64, 56, 1, 64, 3, 2] {
            file.extend(half.to_le_bytes());
        }
        let size = content.len() as u64;
        words(
            &mut file,
            &[6 << 32 | 1, content_at, 0x1000, 0x1000, size, size, 16],
        );
        file.resize(128, 0);
        file.extend_from_slice(content);
        file.extend_from_slice(names.as_bytes());
        words(&mut file, &[0; 8]);
        words(&mut file, &[1 << 32 | 1, 2, 0x1000, content_at, size, 0, 16, 0]);
        let own_name = section.len() as u64 + 2;
        words(
            &mut file,
            &[3 << 32 | own_name, 0, 0, names_at, names.len() as u64, 0, 1, 0],
        );
        file
    }

    pub(in super::super) fn names(packages: &[Package]) -> Vec<String> {
        let name = |p: &Package| format!("{}|{}|{}", p.ecosystem, p.name, p.version);
        packages.iter().map(name).collect()
    }

    pub(in super::super) fn shared(path: &str) -> Option<Vec<u8>> {
        let path = format!("{}/../../shared/{path}", env!("CARGO_MANIFEST_DIR"));
        #[expect(clippy::disallowed_methods, reason = "test data")]
        let data = std::fs::read(path).ok();
        if data.is_none() {
            #[expect(clippy::print_stdout, reason = "says why the test asserts nothing")]
            {
                println!("skipped: shared data is not here");
            }
        }
        data
    }

    #[test]
    fn only_executables_are_wanted() {
        let header = header("a", 8, 0);
        let wanted = |head: &[u8]| wants(&header, head);
        assert!(wanted(b"\x7fELF\x02\x01"));
        assert!(wanted(b"MZ\x90\0"));
        assert!(wanted(b"\xcf\xfa\xed\xfe"));
        assert!(wanted(b"\xca\xfe\xba\xbe\0\0\0\x02"));
        assert!(!wanted(b"\xca\xfe\xba\xbe\0\0\0\x34"), "a Java class");
        assert!(!wanted(b"#!/bin/sh"));
        assert!(!wanted(b""));
    }

    #[test]
    fn rust_lists_as_rust_audit_info_reads_them() {
        for file in ["trivy-elf/test.elf", "trivy-macho/test.macho"] {
            let Some(data) = shared(&format!("inventories/rust-binary/{file}")) else {
                return;
            };
            let (packages, notes) = examine("app", &data, &Limits::default());
            let expected = ["|crate_with_features|0.1.0", "|library_crate|0.1.0"];
            assert_eq!(names(&packages), expected, "{file}");
            assert!(notes.is_empty());
        }
    }

    #[test]
    fn go_modules_as_go_version_reads_them() {
        let Some(data) = shared("inventories/go-binary/trivy-exe/test.exe") else {
            return;
        };
        let expected = [
            "Go|stdlib|1.15.2",
            "Go|github.com/aquasecurity/test|(devel)",
            "Go|github.com/aquasecurity/go-pep440-version|v0.0.0-20210121094942-22b2f8951d46",
            "Go|github.com/aquasecurity/go-version|v0.0.0-20210121072130-637058cfe492",
            "Go|golang.org/x/xerrors|v0.0.0-20200804184101-5ec99f83aff1",
        ];
        let (packages, notes) = examine("test.exe", &data, &Limits::default());
        assert_eq!(names(&packages), expected);
        assert!(notes.is_empty());

        // Too large to hold: the old header points back to what has passed by.
        let limits = Limits {
            file_bytes: 1 << 20,
            ..Limits::default()
        };
        let (packages, notes) = examine("test.exe", &data, &limits);
        assert_eq!(names(&packages), expected[1..]);
        assert_eq!(
            notes,
            ["Go build info: Go version not examined, the file is too large to hold"]
        );
    }

    #[test]
    fn damaged_files_do_no_harm() {
        for file in ["rust-binary/trivy-elf/test.elf", "go-binary/trivy-exe/test.exe"] {
            let Some(mut data) = shared(&format!("inventories/{file}")) else {
                return;
            };
            for cut in [0, 3, 4, 17, 63, 64, 100, 512, 4096, 100_000] {
                examine("app", data.get(..cut).unwrap_or(&data), &Limits::default());
            }
            for at in 0..1024 {
                let old = data[at];
                data[at] = !old;
                examine("app", &data, &Limits::default());
                data[at] = old;
            }
        }
    }
}
