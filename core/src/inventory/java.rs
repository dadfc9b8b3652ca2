//! Java archives (jar, war, ear and their kin) and the archives inside them.
//!
//! An archive is held up to [`Limits::file_bytes`] together with those it is nested in, and read in passing
//! beyond that. What it is called is told by [`maven_identity`].

use std::collections::BTreeSet;
use std::io::Read;

use super::maven_identity::{self as identity, Identity, Manifest};
use super::zip::{self, Content, Meter, Visit};
use super::{Extractor, Fact, Found, Location, Package, Reader, Scope, quoted};
use crate::Limits;
use crate::image::FileHeader;

pub(super) const ARCHIVE: Extractor = Extractor {
    name: FOUND_BY,
    wants,
    read: Reader::Stream(read),
};

/// The `pom.properties` of an archive that was unpacked into the image.
pub(super) const POM_PROPERTIES: Extractor = Extractor {
    name: FOUND_BY,
    wants: |header, _| {
        let path = header.path.as_bytes();
        path.ends_with(b"/pom.properties") && is_pom_properties(&String::from_utf8_lossy(path))
    },
    read: Reader::Bytes(read_unpacked),
};

const FOUND_BY: &str = "java-archive";
const MANIFEST: &[u8] = b"META-INF/MANIFEST.MF";
const EXTENSIONS: &[&str] = &[
    ".jar", ".war", ".ear", ".par", ".sar", ".jpi", ".hpi", ".nar", ".lpkg", ".kar", ".rar", ".har",
];
/// Bytes kept of one manifest (its main section comes first) and of one `pom.properties`.
const TEXT_BYTES: u64 = 256 << 10;
/// Packages and notes of one file: a bomb made of names ends here.
const REPORTS: usize = 20_000;
/// Unpacked bytes that are granted whatever the ratio.
const GRANT: u64 = 64 << 20;

fn wants(header: &FileHeader, head: &[u8]) -> bool {
    let name = header.path.file_name().to_ascii_lowercase();
    // A resource adapter and an archive of RAR have the same extension.
    if has_extension(&name) {
        return !head.starts_with(b"Rar!");
    }
    // The jar tool and Maven put the manifest first, whatever the file is called.
    head.starts_with(b"PK\x03\x04") && head.get(30..39) == Some(b"META-INF/")
}

fn has_extension(name: &[u8]) -> bool {
    EXTENSIONS
        .iter()
        .any(|extension| name.ends_with(extension.as_bytes()))
}

fn is_pom_properties(path: &str) -> bool {
    path.ends_with("/pom.properties") && identity::coordinates(path).is_some()
}

fn read(header: &FileHeader, body: &mut dyn Read, limits: &Limits, found: &mut Found) {
    let grant = limits.ratio.saturating_mul(header.size).saturating_add(GRANT);
    let meter = Meter::new(grant.min(limits.unpacked_bytes));
    Scan::new(header, limits, found, &meter).archive(Vec::new(), header.size, Content::Packed(body));
}

fn read_unpacked(header: &FileHeader, data: &[u8], limits: &Limits, found: &mut Found) {
    let meter = Meter::new(0);
    let mut scan = Scan::new(header, limits, found, &meter);
    match identity::pom_properties(&header.path.to_string(), data) {
        Ok(identity) => scan.package(&[], identity),
        Err(reason) => scan.note(&[], None, reason),
    }
}

/// One file of the image and all that is nested in it.
struct Scan<'a> {
    header: &'a FileHeader,
    limits: &'a Limits,
    found: &'a mut Found,
    meter: &'a Meter,
    /// Bytes of archives in memory.
    held: u64,
    reports: usize,
}

impl<'a> Scan<'a> {
    fn new(header: &'a FileHeader, limits: &'a Limits, found: &'a mut Found, meter: &'a Meter) -> Self {
        Self {
            header,
            limits,
            found,
            meter,
            held: 0,
            reports: 0,
        }
    }

    /// Reads the archive at `path`: the names of the entries that lead to it, none for the file itself.
    fn archive(&mut self, path: Vec<String>, size: u64, content: Content<'_>) {
        let mut archive = Archive {
            path,
            poms: Vec::new(),
            pom_folders: BTreeSet::new(),
            properties_folders: BTreeSet::new(),
            manifest: None,
            wraps: false,
            scan: self,
        };
        let read = match content {
            Content::Held(data) => archive.read_held(data),
            Content::Packed(body) => archive.read_packed(size, body),
        };
        archive.report(&read);
    }

    fn note(&mut self, path: &[String], entry: Option<&str>, reason: String) {
        if !self.may_report() {
            return;
        }
        let mut place = self.header.path.to_string();
        for part in path.iter().map(String::as_str).chain(entry) {
            place.push_str("!/");
            place.push_str(part);
        }
        self.found.note_at(self.header, place, reason);
    }

    fn may_report(&mut self) -> bool {
        self.reports = self.reports.saturating_add(1);
        if self.reports == REPORTS {
            let place = self.header.path.to_string();
            let reason = format!("more than {REPORTS} packages and notes: the rest is left out");
            self.found.note_at(self.header, place, reason);
        }
        self.reports < REPORTS
    }

    fn package(&mut self, path: &[String], identity: Identity) {
        if !self.may_report() {
            return;
        }
        let Identity {
            group,
            artifact,
            version,
            guess,
        } = identity;
        match (&group, guess) {
            (None, _) => self.note(
                path,
                None,
                format!("{artifact} {version}: its Maven group is unknown"),
            ),
            (Some(group), Some(source)) => {
                let reason =
                    format!("{artifact} {version}: its Maven group {group} is a guess from {source}");
                self.note(path, None, reason);
            }
            _ if version.is_empty() => self.note(path, None, format!("{artifact}: no version")),
            _ => {}
        }
        // A name without its group would match no advisory and look clean: it has no ecosystem instead.
        let (ecosystem, name) = match &group {
            Some(group) => ("Maven", format!("{group}:{artifact}")),
            None => ("", artifact.clone()),
        };
        let inner = (!path.is_empty()).then(|| path.join("!/"));
        let outer = self.header.path.to_string();
        let mut package = Package::new(&name, &version, ecosystem, FOUND_BY);
        package.purl = group.and_then(|group| super::identity::maven(&group, &artifact, &version));
        package.scope = Some(Scope::Runtime);
        package.locations = vec![Location {
            path: inner
                .as_ref()
                .map_or(outer.clone(), |inner| format!("{outer}!/{inner}")),
            layer: None,
        }];
        self.found.fact(self.header, Fact::Package { package, inner });
    }
}

/// One archive while it is read.
struct Archive<'a, 'b> {
    scan: &'a mut Scan<'b>,
    path: Vec<String>,
    poms: Vec<Identity>,
    /// Folders under `META-INF/maven/` with a `pom.xml`, and with a `pom.properties`.
    pom_folders: BTreeSet<String>,
    properties_folders: BTreeSet<String>,
    manifest: Option<Manifest>,
    /// Whether there are archives inside.
    wraps: bool,
}

impl Archive<'_, '_> {
    fn read_packed(&mut self, size: u64, body: &mut dyn Read) -> Result<(), String> {
        let room = self.scan.limits.file_bytes.saturating_sub(self.scan.held);
        if size > room {
            return self.read_stream(body);
        }
        let mut data = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        let cut = body.take(size).read_to_end(&mut data).err();
        self.scan.held = self.scan.held.saturating_add(data.len() as u64);
        let read = self.read_held(&data);
        self.scan.held = self.scan.held.saturating_sub(data.len() as u64);
        match cut {
            Some(error) => Err(error.to_string()),
            None => read,
        }
    }

    fn read_held(&mut self, data: &[u8]) -> Result<(), String> {
        // However many names lead to the same bytes, looking at them is paid for each time.
        let meter = self.scan.meter;
        meter.take(data.len() as u64).map_err(|error| error.to_string())?;
        if zip::held(data, meter, self) {
            return Ok(());
        }
        // No central directory: what stands before the damage can still be read.
        self.read_stream(&mut &*data)
    }

    fn read_stream(&mut self, body: &mut dyn Read) -> Result<(), String> {
        zip::streamed(body, self.scan.meter, self).map_err(|error| error.to_string())
    }

    fn report(mut self, read: &Result<(), String>) {
        if let Err(reason) = read {
            self.scan.note(&self.path, None, reason.clone());
        }
        let file = String::from_utf8_lossy(self.scan.header.path.file_name()).into_owned();
        let file = self
            .path
            .last()
            .and_then(|path| path.rsplit('/').next())
            .unwrap_or(&file)
            .to_owned();
        let manifest = self.manifest.take().unwrap_or_default();
        self.add_poms_without_properties(&file, &manifest);
        let own = match self.poms.is_empty() {
            true => identity::of_manifest(&file, &manifest),
            false => identity::beside_others(&file, &manifest, &self.poms),
        };
        // An archive that only wraps others (an ear, a war) need not be anything itself; one that could not
        // be read has been noted already.
        if own.is_none() && self.poms.is_empty() && !self.wraps && read.is_ok() {
            let reason = "no pom.properties, and neither manifest nor file name tell a version";
            self.scan.note(&self.path, None, reason.to_owned());
        }
        self.poms.extend(own);
        self.poms.sort();
        self.poms.dedup();
        for identity in self.poms {
            self.scan.package(&self.path, identity);
        }
    }

    /// A build may keep `pom.xml` alone. Its folder names group and artifact; the version is that of the
    /// archive, if it is the archive's own.
    fn add_poms_without_properties(&mut self, file: &str, manifest: &Manifest) {
        let alone: Vec<&String> = self.pom_folders.difference(&self.properties_folders).collect();
        let own = identity::of_manifest(file, manifest);
        for folder in alone {
            let Some((group, artifact)) = identity::coordinates(folder) else {
                continue;
            };
            let own = own.as_ref().filter(|own| own.artifact == artifact);
            self.poms.push(Identity {
                group: Some(group.to_owned()),
                artifact: artifact.to_owned(),
                version: own.map(|own| own.version.clone()).unwrap_or_default(),
                guess: None,
            });
        }
    }

    fn nested(&mut self, name: String, size: u64, content: Content<'_>) {
        let path: Vec<String> = self.path.iter().cloned().chain([name]).collect();
        if path
            .last()
            .is_some_and(|name| name.len() > self.scan.limits.path_bytes)
        {
            let name = quoted(path.last().map(String::as_bytes).unwrap_or_default());
            let reason = format!("not examined: an archive with the name {name}, longer than a path may be");
            return self.scan.note(&self.path, None, reason);
        }
        let depth = u32::try_from(path.len()).unwrap_or(u32::MAX);
        if depth > self.scan.limits.nesting {
            let reason = format!("nested deeper than the limit of {}", self.scan.limits.nesting);
            return self.scan.note(&path, None, reason);
        }
        self.scan.archive(path, size, content);
    }
}

impl Visit for Archive<'_, '_> {
    fn wants(&self, name: &[u8]) -> bool {
        name.eq_ignore_ascii_case(MANIFEST)
            || (name.ends_with(b"/pom.properties") || name.ends_with(b"/pom.xml"))
                && identity::coordinates(&String::from_utf8_lossy(name)).is_some()
            || has_extension(&name.to_ascii_lowercase())
    }

    fn entry(&mut self, name: &[u8], size: u64, content: Content<'_>) {
        let text_name = String::from_utf8_lossy(name).into_owned();
        if has_extension(&name.to_ascii_lowercase()) {
            self.wraps = true;
            return self.nested(text_name, size, content);
        }
        let folder = text_name
            .rfind('/')
            .and_then(|at| text_name.get(..=at))
            .unwrap_or_default();
        if name.ends_with(b"/pom.xml") {
            self.pom_folders.insert(folder.to_owned());
            return;
        }
        let mut text = Vec::new();
        let read = match content {
            Content::Held(data) => data.take(TEXT_BYTES).read_to_end(&mut text),
            Content::Packed(body) => body.take(TEXT_BYTES).read_to_end(&mut text),
        };
        // What ended the unpacking is noted by the reader of the archive; what came before it stands.
        if read.is_err() && text.is_empty() {
            return;
        }
        if name.eq_ignore_ascii_case(MANIFEST) {
            // Of two entries of one name the runtime takes the last.
            if self.manifest.replace(Manifest::parse(&text)).is_some() {
                self.note(Some(name), "a second entry of this name".to_owned());
            }
            return;
        }
        self.properties_folders.insert(folder.to_owned());
        match identity::pom_properties(&text_name, &text) {
            Ok(identity) => self.poms.push(identity),
            Err(reason) => self.note(Some(name), reason),
        }
    }

    fn note(&mut self, name: Option<&[u8]>, reason: String) {
        let name = name.map(String::from_utf8_lossy);
        self.scan.note(&self.path, name.as_deref(), reason);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use rawzip::{CompressionMethod, ZipArchiveWriter};

    use super::super::binary::tests::shared;
    use super::*;
    use crate::inventory::tests::header;

    /// A zip of these entries; names that begin with `=` are stored, without the sign.
    pub(in crate::inventory) fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut output = Vec::new();
        let mut writer = ZipArchiveWriter::new(&mut output);
        for (name, content) in entries {
            let (name, method) = match name.strip_prefix('=') {
                Some(name) => (name, CompressionMethod::STORE),
                None => (*name, CompressionMethod::DEFLATE),
            };
            let (mut entry, config) = writer.new_file(name).compression_method(method).start().unwrap();
            if method == CompressionMethod::STORE {
                let mut data = config.wrap(&mut entry);
                data.write_all(content).unwrap();
                let (_, descriptor) = data.finish().unwrap();
                entry.finish(descriptor).unwrap();
            } else {
                let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
                let mut data = config.wrap(encoder);
                data.write_all(content).unwrap();
                let (encoder, descriptor) = data.finish().unwrap();
                encoder.finish().unwrap();
                entry.finish(descriptor).unwrap();
            }
        }
        writer.finish().unwrap();
        output
    }

    fn scan(path: &str, data: &[u8], limits: &Limits) -> (Vec<String>, Vec<String>) {
        let header = header(path, data.len(), 0);
        let mut found = Found::default();
        if wants(&header, data.get(..512).unwrap_or(data)) {
            read(&header, &mut &*data, limits, &mut found);
        }
        let packages = found.facts.into_iter().filter_map(|(_, fact)| match fact {
            Fact::Package { package, inner } => {
                let inner = inner.unwrap_or_default();
                Some(format!("{} {} [{inner}]", package.name, package.version))
            }
            _ => None,
        });
        let notes = found
            .notes
            .into_iter()
            .map(|(_, note)| format!("{}: {}", note.place, note.reason));
        (packages.collect(), notes.collect())
    }

    /// Held and in passing must say the same.
    fn both(path: &str, data: &[u8]) -> (Vec<String>, Vec<String>) {
        let held = scan(path, data, &Limits::default());
        let limits = Limits {
            file_bytes: 10,
            ..Limits::default()
        };
        assert_eq!(scan(path, data, &limits), held, "in passing");
        held
    }

    const POM: &str = "META-INF/maven/com.example/lib/pom.properties";
    const VERSION: &[u8] = b"groupId=com.example\nartifactId=lib\nversion=1.0\n";

    #[test]
    fn nested_archives() {
        let jar = archive(&[
            ("META-INF/MANIFEST.MF", b""),
            (POM, VERSION),
            ("A.class", &[7; 5000]),
        ]);
        let war = archive(&[("WEB-INF/lib/lib.jar", &jar), ("index.html", b"<p>")]);
        let ear = archive(&[("demo.war", &war)]);
        let (packages, notes) = both("opt/demo.ear", &ear);
        assert_eq!(packages, ["com.example:lib 1.0 [demo.war!/WEB-INF/lib/lib.jar]"]);
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn stored_entries_may_state_their_length_behind() {
        let jar = archive(&[
            ("=A.class", b"PK\x07\x08 is no end"),
            ("=B.class", b""),
            (&format!("={POM}"), VERSION),
        ]);
        let fat = archive(&[("=lib/lib.jar", &jar), ("=last.txt", b"P")]);
        let (packages, notes) = both("fat.jar", &fat);
        assert_eq!(packages, ["com.example:lib 1.0 [lib/lib.jar]"]);
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn executable_jars_begin_with_a_script() {
        let mut data = b"#!/bin/sh\nexec java -jar PK $0\n".to_vec();
        data.extend(archive(&[(POM, VERSION)]));
        assert_eq!(both("app.jar", &data).0, ["com.example:lib 1.0 []"]);
    }

    #[test]
    fn an_archive_is_known_by_its_first_entry() {
        let jar = archive(&[("META-INF/MANIFEST.MF", b""), (POM, VERSION)]);
        assert_eq!(both("usr/lib/app", &jar).0, ["com.example:lib 1.0 []"]);
        let zip = archive(&[("readme.txt", b""), (POM, VERSION)]);
        assert!(both("data.zip", &zip).0.is_empty());
    }

    #[test]
    fn an_unpacked_archive_keeps_its_properties() {
        let header = header(&format!("app/{POM}"), 0, 0);
        assert!((POM_PROPERTIES.wants)(&header, b""));
        let mut found = Found::default();
        read_unpacked(&header, VERSION, &Limits::default(), &mut found);
        let [(_, Fact::Package { package, inner: None })] = found.facts.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("com.example:lib", "1.0")
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let (packages, notes) = both("a/broken.jar", b"not a zip at all");
        assert!(packages.is_empty());
        assert_eq!(notes, ["/a/broken.jar: not a zip archive"]);

        let (_, notes) = both("a/plain.jar", &archive(&[("a.txt", b"text")]));
        let reason = "no pom.properties, and neither manifest nor file name tell a version";
        assert_eq!(notes, [format!("/a/plain.jar: {reason}")]);

        let unresolved = archive(&[(POM, b"version=${revision}"), ("META-INF/MANIFEST.MF", b"")]);
        let (_, notes) = both("tool-1.0.jar", &unresolved);
        assert_eq!(
            notes,
            [
                format!("/tool-1.0.jar!/{POM}: version is not filled in: \"${{revision}}\""),
                "/tool-1.0.jar: tool 1.0: its Maven group is unknown".to_owned()
            ]
        );
    }

    #[test]
    fn a_cut_archive_gives_what_stands_before_the_cut() {
        let whole = archive(&[(POM, VERSION), ("big.bin", &[1; 100_000])]);
        let data = &whole[..whole.len() - 30];
        let (packages, notes) = both("lib.jar", data);
        assert_eq!(packages, ["com.example:lib 1.0 []"]);
        assert_eq!(notes.len(), 1, "{notes:?}");
        for end in 0..whole.len() {
            scan("lib.jar", &whole[..end], &Limits::default());
        }
    }

    #[test]
    fn damage_is_noted_and_does_no_harm() {
        let mut data = archive(&[(POM, VERSION), ("a.txt", b"text")]);
        let crc = data.windows(4).position(|w| w == b"PK\x01\x02").unwrap() + 16;
        data[crc] ^= 1;
        let (packages, notes) = scan("lib.jar", &data, &Limits::default());
        assert_eq!(packages, ["com.example:lib 1.0 []"]);
        assert!(notes[0].contains("CRC is"), "{notes:?}");

        let data = archive(&[(POM, VERSION), ("x.jar", &archive(&[(POM, VERSION)]))]);
        let mut limits = Limits::default();
        for at in 0..data.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = data.clone();
                damaged[at] ^= flip;
                limits.file_bytes = 10;
                scan("lib.jar", &damaged, &limits);
                scan("lib.jar", &damaged, &Limits::default());
            }
        }
    }

    #[test]
    fn encrypted_entries_are_noted() {
        let mut data = archive(&[(POM, VERSION)]);
        let central = data.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        data[6] |= 1;
        data[central + 8] |= 1;
        let (packages, notes) = scan("lib.jar", &data, &Limits::default());
        assert!(packages.is_empty());
        assert_eq!(notes[0], format!("/lib.jar!/{POM}: encrypted"));
    }

    #[test]
    fn bombs_end() {
        let deep = (0..40).fold(archive(&[(POM, VERSION)]), |inner, _| {
            archive(&[("x.jar", &inner)])
        });
        let (packages, notes) = both("deep.jar", &deep);
        assert!(packages.is_empty());
        assert!(
            notes
                .iter()
                .any(|note| note.ends_with("nested deeper than the limit of 16")),
            "{notes:?}"
        );

        let zeros = vec![0; 4 << 20];
        let limits = Limits {
            unpacked_bytes: 1 << 20,
            ..Limits::default()
        };
        let (_, notes) = scan("bomb.jar", &archive(&[("x.jar", &zeros)]), &limits);
        assert!(
            notes
                .iter()
                .any(|note| note.contains("more than the limits allow")),
            "{notes:?}"
        );

        // Names that all lead to the same nested archive, at every level.
        let mut bomb = archive(&[(POM, VERSION)]);
        for _ in 0..8 {
            let copies: Vec<(String, &[u8])> =
                (0..8).map(|n| (format!("{n}.jar"), bomb.as_slice())).collect();
            let entries: Vec<(&str, &[u8])> =
                copies.iter().map(|(name, data)| (name.as_str(), *data)).collect();
            bomb = archive(&entries);
        }
        let (packages, notes) = scan("wide.jar", &bomb, &Limits::default());
        assert!(packages.len() < REPORTS && notes.len() <= REPORTS);
    }

    #[test]
    fn of_two_manifests_the_last_counts() {
        let data = archive(&[
            ("META-INF/MANIFEST.MF", b"Implementation-Version: 1.0\n"),
            ("META-INF/MANIFEST.MF", b"Implementation-Version: 2.0\n"),
        ]);
        let (packages, notes) = both("log4j.jar", &data);
        assert_eq!(packages, ["log4j:log4j 2.0 []"]);
        assert_eq!(
            notes,
            ["/log4j.jar!/META-INF/MANIFEST.MF: a second entry of this name"]
        );
    }

    #[test]
    fn a_pom_without_properties_names_the_archive() {
        let data = archive(&[("META-INF/maven/com.example/lib/pom.xml", b"<project/>")]);
        assert_eq!(both("lib-2.0.jar", &data).0, ["com.example:lib 2.0 []"]);
        let (packages, notes) = both("other.jar", &data);
        assert_eq!(packages, ["com.example:lib  []"]);
        assert_eq!(notes, ["/other.jar: lib: no version"]);
    }

    #[test]
    fn shaded_archives_have_several_names() {
        let Some(data) = shared(
            "inventories/java-archive/trivy-hadoop-shaded-guava-1.1.0-SNAPSHOT/hadoop-shaded-guava-1.1.0-SNAPSHOT.jar",
        ) else {
            return;
        };
        let (packages, notes) = both("opt/hadoop-shaded-guava-1.1.0-SNAPSHOT.jar", &data);
        let expected = [
            "com.google.guava:failureaccess 1.0.1 []",
            "com.google.guava:guava 29.0-jre []",
            "com.google.guava:listenablefuture 9999.0-empty-to-avoid-conflict-with-guava []",
            "com.google.j2objc:j2objc-annotations 1.3 []",
            "org.apache.hadoop.thirdparty:hadoop-shaded-guava 1.1.0-SNAPSHOT []",
        ];
        assert_eq!(packages, expected);
        assert!(notes.is_empty());
    }
}
