//! Whole inventories from small images made by hand.

mod shared_cases;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::image::{Image, ImageKind, Inspect, Layer, Node, NodeKind, View};

pub(super) fn header(path: &str, size: usize, content: u32) -> FileHeader {
    FileHeader {
        path: ImagePath::new(path.as_bytes()),
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: size as u64,
        content: ContentId(content),
    }
}

/// Whether the extractor asks for a file of this path.
pub(super) fn wanted(extractor: &Extractor, path: &str) -> bool {
    (extractor.wants)(&header(path, 0, 0), b"")
}

/// What an extractor finds in one file.
#[track_caller]
pub(super) fn found(extractor: &Extractor, path: &str, content: &[u8]) -> Found {
    let header = header(path, content.len(), 7);
    assert!((extractor.wants)(&header, content), "{path} is not wanted");
    let Reader::Bytes(read) = extractor.read else {
        panic!("{} streams", extractor.name)
    };
    let mut found = Found::default();
    read(&header, content, &Limits::default(), &mut found);
    found
}

pub(super) fn reasons(found: &Found) -> Vec<String> {
    found.notes.iter().map(|(_, note)| note.reason.clone()).collect()
}

/// An image whose layers are given file by file; later ones replace earlier ones.
struct Draft {
    cataloguer: Cataloguer,
    nodes: BTreeMap<ImagePath, Node>,
    layers: usize,
    contents: Vec<usize>,
}

impl Draft {
    fn new() -> Self {
        Self::with(&Limits::default())
    }

    fn with(limits: &Limits) -> Self {
        Self {
            cataloguer: Cataloguer::new(limits),
            nodes: BTreeMap::new(),
            layers: 1,
            contents: Vec::new(),
        }
    }

    fn layer(mut self) -> Self {
        self.layers += 1;
        self
    }

    fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.file_seen_as(path, path, content)
    }

    /// A file that its layer brings at `path` and the view has at `at`.
    fn file_seen_as(mut self, path: &str, at: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let id = self.contents.len() as u32;
        self.contents.push(self.layers - 1);
        let header = header(path, content.len(), id);
        self.cataloguer.file(&header, &mut { content }).unwrap();
        let kind = NodeKind::File {
            content: ContentId(id),
            size: content.len() as u64,
        };
        self.node(at, kind)
    }

    fn hard_link(self, path: &str, to: &str) -> Self {
        let kind = self.nodes[&ImagePath::new(to.as_bytes())].kind.clone();
        self.node(path, kind)
    }

    fn symlink(self, path: &str, to: &str) -> Self {
        self.node(path, NodeKind::Symlink(to.as_bytes().to_vec()))
    }

    fn whiteout(mut self, path: &str) -> Self {
        self.nodes.remove(&ImagePath::new(path.as_bytes()));
        self
    }

    fn node(mut self, path: &str, kind: NodeKind) -> Self {
        let layer = self.layers - 1;
        let node = |kind| Node {
            kind,
            mode: 0o755,
            uid: 0,
            gid: 0,
            layer,
        };
        let path = ImagePath::new(path.as_bytes());
        let mut parent = ImagePath::new(path.parent());
        while !parent.as_bytes().is_empty() {
            self.nodes
                .entry(parent.clone())
                .or_insert(node(NodeKind::Directory));
            parent = ImagePath::new(parent.parent());
        }
        self.nodes.insert(path, node(kind));
        self
    }

    fn inventory(self) -> Inventory {
        let layer = |number| Layer {
            digest: String::new(),
            diff_id: format!("sha256:{number}"),
            created_by: None,
        };
        let image = Image {
            kind: ImageKind::OciLayout,
            name: None,
            digest: String::new(),
            platform: None,
            config: None,
            layers: (0..self.layers).map(layer).collect(),
            view: View { nodes: self.nodes },
            content_layers: self.contents,
            notes: Vec::new(),
        };
        self.cataloguer.finish(&image)
    }
}

/// One line a package: what it is, where it stands, which files it has.
fn shown(inventory: &Inventory) -> Vec<String> {
    let packages = inventory.packages.iter().map(|package| {
        let places = package.locations.iter().map(|location| {
            let layer = location
                .layer
                .as_deref()
                .unwrap_or_default()
                .trim_start_matches("sha256:");
            format!("{}@{layer}", location.path)
        });
        let owner = package
            .owner
            .map(|owner| format!(" owned by {}", inventory.packages[owner].name));
        format!(
            "{} {} {}{}",
            package.name,
            package.version,
            places.collect::<Vec<_>>().join(" "),
            owner.unwrap_or_default()
        )
    });
    packages.collect()
}

fn files(package: &Package) -> Vec<String> {
    package.files.iter().map(ToString::to_string).collect()
}

fn notes(inventory: &Inventory) -> Vec<String> {
    inventory
        .notes
        .iter()
        .map(|note| format!("{}: {}", note.place, note.reason))
        .collect()
}

const DEBIAN: &str = "ID=debian\nVERSION_ID=\"12\"\n";

fn deb(name: &str, version: &str, arch: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nArchitecture: {arch}\nVersion: {version}\n\n")
}

#[test]
fn only_what_is_visible_counts() {
    let inventory = Draft::new()
        .file("app/node_modules/a/package.json", r#"{"name":"a","version":"1"}"#)
        .file("app/node_modules/b/package.json", r#"{"name":"b","version":"1"}"#)
        .file("app/node_modules/c/package.json", "not json")
        .layer()
        .file("app/node_modules/a/package.json", r#"{"name":"a","version":"2"}"#)
        .whiteout("app/node_modules/b/package.json")
        .whiteout("app/node_modules/c/package.json")
        .inventory();
    assert_eq!(shown(&inventory), ["a 2 /app/node_modules/a/package.json@1"]);
    assert!(inventory.notes.is_empty());
}

#[test]
fn npm_sees_packages_through_links() {
    let manifest = |name: &str| format!(r#"{{"name":"{name}","version":"1"}}"#);
    let inventory = Draft::new()
        .file("app/package.json", manifest("app"))
        .file("app/packages/a/package.json", manifest("@s/a"))
        .file("app/packages/a/lib/package.json", manifest("not-linked"))
        .file("app/packages/a/index.js", "")
        .file("app/packages/broken/package.json", "{")
        .symlink("app/node_modules/@s/a", "../../packages/a")
        .symlink("app/node_modules/broken", "../packages/broken")
        .symlink("app/node_modules/loop", "loop")
        .symlink("app/node_modules/.bin/a", "../../packages/a")
        .layer()
        .file("usr/share/nodejs/b/package.json", manifest("b"))
        .file("usr/share/nodejs/@t/c/package.json", manifest("@t/c"))
        .file("usr/share/nodejs/b/node_modules/d/package.json", manifest("d"))
        .symlink("usr/share/node_modules", "nodejs")
        .inventory();
    assert_eq!(
        shown(&inventory),
        [
            "@s/a 1 /app/node_modules/@s/a/package.json@0",
            "@t/c 1 /usr/share/node_modules/@t/c/package.json@1",
            "b 1 /usr/share/node_modules/b/package.json@1",
            "d 1 /usr/share/nodejs/b/node_modules/d/package.json@1",
        ]
    );
    assert_eq!(
        files(&inventory.packages[0]),
        [
            "/app/packages/a/index.js",
            "/app/packages/a/lib/package.json",
            "/app/packages/a/package.json"
        ]
    );
    assert!(notes(&inventory).is_empty());
}

#[test]
fn an_egg_may_stay_zipped() {
    let egg = java::tests::archive(&[
        (
            "EGG-INFO/PKG-INFO",
            b"Metadata-Version: 1.1\nName: b-egg\nVersion: 3.0\n",
        ),
        ("b.py", b""),
    ]);
    let cut = &egg[..40];
    let inventory = Draft::new()
        .file("x/site-packages/b_egg-3.0-py3.11.egg", &egg)
        .file("x/site-packages/cut-1-py3.11.egg", cut)
        .file("x/breakfast.egg", "no archive")
        .inventory();
    assert_eq!(
        shown(&inventory),
        ["b-egg 3.0 /x/site-packages/b_egg-3.0-py3.11.egg!/EGG-INFO/PKG-INFO@0"]
    );
    let notes = notes(&inventory);
    assert!(!notes.is_empty());
    assert!(
        notes
            .iter()
            .all(|note| note.starts_with("/x/site-packages/cut-1-py3.11.egg: "))
    );
}

#[test]
fn one_package_at_several_places() {
    let text = r#"{"name":"a","version":"1"}"#;
    let inventory = Draft::new()
        .file("x/node_modules/a/package.json", text)
        .hard_link("store/a", "x/node_modules/a/package.json")
        .layer()
        .file("y/node_modules/a/package.json", text)
        .file(
            "y/node_modules/a/node_modules/b/package.json",
            r#"{"name":"b","version":"1"}"#,
        )
        .file("y/node_modules/a/node_modules/b/b.js", "")
        .file("y/node_modules/a/node_modules-not/c.js", "")
        .file("y/node_modules/a-b.js", "")
        .inventory();
    assert_eq!(
        shown(&inventory),
        [
            "a 1 /store/a@0 /x/node_modules/a/package.json@0 /y/node_modules/a/package.json@1",
            "b 1 /y/node_modules/a/node_modules/b/package.json@1",
        ]
    );
    assert_eq!(
        inventory.packages[0].locations[0].layer.as_deref(),
        Some("sha256:0")
    );
    assert!(files(&inventory.packages[0]).contains(&"/y/node_modules/a/node_modules-not/c.js".to_owned()));
    assert!(
        !files(&inventory.packages[0])
            .iter()
            .any(|path| path.contains("/b/") || path.contains("a-b"))
    );
    assert_eq!(
        files(&inventory.packages[1]),
        [
            "/y/node_modules/a/node_modules/b/b.js",
            "/y/node_modules/a/node_modules/b/package.json"
        ]
    );
}

#[test]
fn the_distribution_owns_what_its_lists_name() {
    let status = [
        deb("python3-six", "1.16-4", "all"),
        deb("libc6", "2.36-9", "amd64"),
        deb("libc6", "2.36-9", "i386"),
    ];
    let six = "Metadata-Version: 1.2\nName: six\nVersion: 1.16.0\n";
    let inventory = Draft::new()
        .symlink("lib", "usr/lib")
        .file("usr/lib/os-release", DEBIAN)
        .symlink("etc/os-release", "../usr/lib/os-release")
        .file("var/lib/dpkg/status", status.concat())
        .file(
            "var/lib/dpkg/info/python3-six.list",
            "/.\n/lib\n/lib/py/six.egg-info\n/lib/py/gone\n/lib/py/link\n",
        )
        .file("var/lib/dpkg/info/libc6:i386.list", "/lib/i386/libc.so\n")
        .file_seen_as("lib/py/six.egg-info", "usr/lib/py/six.egg-info", six)
        .symlink("usr/lib/py/link", "six.egg-info")
        .file("usr/lib/i386/libc.so", "")
        .layer()
        .file("venv/six-1.16.0.dist-info/METADATA", six)
        .file(
            "venv/six-1.16.0.dist-info/RECORD",
            "six.py,,\nsix-1.16.0.dist-info/METADATA,,\n../bin/six,,\ngone.py,,\n",
        )
        .file("venv/six.py", "")
        .file("bin/six", "")
        .inventory();
    assert_eq!(
        shown(&inventory),
        [
            "libc6 2.36-9 /var/lib/dpkg/status@0",
            "libc6 2.36-9 /var/lib/dpkg/status@0",
            "python3-six 1.16-4 /var/lib/dpkg/status@0",
            "six 1.16.0 /usr/lib/py/six.egg-info@0 owned by python3-six",
            "six 1.16.0 /venv/six-1.16.0.dist-info/METADATA@1",
        ]
    );
    let packages = &inventory.packages;
    assert_eq!(packages[0].arch.as_deref(), Some("amd64"));
    assert_eq!(packages[0].ecosystem, "Debian:12");
    let purl = packages[1].purl.as_ref().map(ToString::to_string);
    assert_eq!(
        purl.as_deref(),
        Some("pkg:deb/debian/libc6@2.36-9?arch=i386&distro=debian-12&upstream=libc6")
    );
    assert!(files(&packages[0]).is_empty());
    assert_eq!(files(&packages[1]), ["/usr/lib/i386/libc.so"]);
    assert_eq!(files(&packages[2]), ["/usr/lib/py/six.egg-info"]);
    assert_eq!(
        files(&packages[4]),
        ["/bin/six", "/venv/six-1.16.0.dist-info/METADATA", "/venv/six.py"]
    );
    let distribution = inventory.distribution.unwrap();
    assert_eq!(
        (distribution.id.as_str(), distribution.path.as_str()),
        ("debian", "/usr/lib/os-release")
    );
}

#[test]
fn a_gem_has_its_folder() {
    let inventory = Draft::new()
        .file(
            "g/specifications/rake-13.0.3.gemspec",
            "# -*- encoding: utf-8 -*-\n# stub: rake 13.0.3 ruby lib\n",
        )
        .file("g/gems/rake-13.0.3/lib/rake.rb", "")
        .file("g/gems/rake-13.0.30/lib/rake.rb", "")
        .inventory();
    assert_eq!(files(&inventory.packages[0]), ["/g/gems/rake-13.0.3/lib/rake.rb"]);
}

#[test]
fn packages_without_a_distribution_are_kept_and_told() {
    let status = deb("a", "1", "all");
    let place = "var/lib/dpkg/status";
    let no_file = Draft::new().file(place, &status).inventory();
    assert_eq!(
        notes(&no_file),
        ["/etc/os-release: no such file: packages of dpkg without an ecosystem: 1"]
    );
    assert_eq!(no_file.packages[0].ecosystem, "");
    let no_id = Draft::new()
        .file(place, &status)
        .file("etc/os-release", "NAME=x\n")
        .inventory();
    assert_eq!(
        notes(&no_id),
        ["/etc/os-release: no ID: packages of dpkg without an ecosystem: 1"]
    );
    let broken = Draft::new()
        .file(place, &status)
        .symlink("etc/os-release", "os-release")
        .inventory();
    assert_eq!(broken.distribution, None);
    assert_eq!(broken.packages.len(), 1);
    let fallback = Draft::new()
        .symlink("etc/os-release", "/gone")
        .file("usr/lib/os-release", DEBIAN)
        .inventory();
    assert_eq!(fallback.distribution.unwrap().path, "/usr/lib/os-release");
}

#[test]
fn what_was_not_read_is_told() {
    let limits = Limits {
        file_bytes: 100,
        ..Limits::default()
    };
    let inventory = Draft::with(&limits)
        .file("var/lib/dpkg/status", vec![b'x'; 101])
        .file("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\0")
        .file("store/0123", r#"{"name":"a","version":"1"}"#)
        .hard_link("app/node_modules/a/package.json", "store/0123")
        .file("data/installed", "P:a\nV:1\n")
        .symlink("lib/apk/db/installed", "/data/installed")
        .inventory();
    assert_eq!(
        notes(&inventory),
        [
            "/app/node_modules/a/package.json: not examined: its layer brings it as a link to another name",
            "/lib/apk/db/installed: not examined: a symbolic link leads to /data/installed",
            "/var/lib/dpkg/status: not examined: larger than 100 bytes",
            "/var/lib/rpm/rpmdb.sqlite: not examined: package databases of this kind are not read",
        ]
    );
}

#[test]
fn what_is_kept_is_bounded() {
    let limits = Limits {
        file_bytes: 1000,
        ..Limits::default()
    };
    let mut draft = Draft::with(&limits);
    for number in 0..100 {
        let path = format!("node_modules/p{number}/package.json");
        draft = draft.file(&path, r#"{"version":"1"}"#);
    }
    let inventory = draft.inventory();
    assert!(inventory.packages.len() < 100);
    assert!(
        inventory
            .notes
            .iter()
            .any(|note| note.reason.starts_with("left out")),
        "{:?}",
        notes(&inventory)
    );

    let limits = Limits {
        entries: 10,
        ..Limits::default()
    };
    let mut draft = Draft::with(&limits).file("node_modules/a/package.json", r#"{"version":"1"}"#);
    for number in 0..100 {
        draft = draft.hard_link(&format!("link{number}"), "node_modules/a/package.json");
    }
    let inventory = draft.inventory();
    assert_eq!(inventory.packages[0].locations.len(), 10);
    assert!(
        inventory
            .notes
            .iter()
            .any(|note| note.reason.starts_with("left out")),
        "{:?}",
        notes(&inventory)
    );
}

#[test]
fn who_reads_for_others_too_hands_over_what_it_has() {
    let cataloguer = Cataloguer::new(&Limits::default());
    for (path, head, want) in [
        ("usr/bin/tool", b"\x7fELF".as_slice(), Want::Stream),
        ("opt/a.jar", b"PK\x03\x04", Want::Stream),
        ("var/lib/dpkg/status", b"", Want::Bytes),
        ("etc/passwd", b"root:x:0:0", Want::Nothing),
    ] {
        assert_eq!(
            cataloguer.wants(&header(path, head.len(), 0), head),
            want,
            "{path}"
        );
    }
    let status = deb("a", "1", "all").repeat(20);
    let database = header("var/lib/dpkg/status", status.len(), 0);
    let (mut whole, mut inspected) = (Cataloguer::new(&Limits::default()), cataloguer);
    whole.bytes(&database, status.as_bytes());
    inspected.file(&database, &mut status.as_bytes()).unwrap();
    assert_eq!(format!("{:?}", whole.found), format!("{:?}", inspected.found));
    assert_eq!(whole.found.facts.len(), 20);

    // An archive with one entry, and nothing else that a reader of archives asks for.
    let mut streamed = Cataloguer::new(&Limits::default());
    let jar = header("opt/broken.jar", 600, 1);
    streamed.stream(
        &jar,
        &mut [b"PK\x03\x04".as_slice(), &[0; 596]].concat().as_slice(),
    );
    let mut inspected = Cataloguer::new(&Limits::default());
    inspected
        .file(
            &jar,
            &mut [b"PK\x03\x04".as_slice(), &[0; 596]].concat().as_slice(),
        )
        .unwrap();
    assert_eq!(format!("{:?}", streamed.found), format!("{:?}", inspected.found));
    assert!(streamed.seen.contains(&ContentId(1)));
}

#[test]
fn a_body_that_breaks_off_still_counts() {
    struct Broken<'a>(&'a [u8]);
    impl std::io::Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::Error::other("cut")),
                read => Ok(read),
            }
        }
    }
    let text = [deb("a", "1", "all"), deb("b", "2", "all").repeat(20)].concat();
    let mut cataloguer = Cataloguer::new(&Limits::default());
    let header = header("var/lib/dpkg/status", text.len() * 2, 0);
    cataloguer.file(&header, &mut Broken(text.as_bytes())).unwrap();
    assert_eq!(cataloguer.wants(&header, b""), Want::Bytes);
    let found = format!("{cataloguer:?}");
    assert!(
        found.contains("reading failed after") && found.contains("cut"),
        "{found}"
    );
    assert!(found.contains("name: \"a\""), "{found}");
}

/// One file for every kind of evidence, with contents made of what the formats are made of.
fn scraps() -> impl Strategy<Value = Vec<(usize, Vec<u8>)>> {
    let words: [&[u8]; 24] = [
        b"Package",
        b": ",
        b"a",
        b"\n",
        b"\n\n",
        b"Version",
        b"Status: install ok installed\n",
        b"\r\n",
        b"\0",
        b"\xff",
        b"P:a\n",
        b"V:1\n",
        b"F:",
        b"R:",
        b"Name",
        b"{\"name\":",
        b"\"version\":\"1\"}",
        b"[",
        b"\"",
        b",",
        b"Gem::Specification.new do |s|\n",
        b"s.name = ",
        b"'",
        b"%q",
    ];
    let word = proptest::sample::select(words.to_vec());
    let content = proptest::collection::vec(word, 0..20).prop_map(|words| words.concat());
    proptest::collection::vec((0..PLACES.len(), content), 0..8)
}

const PLACES: [&str; 14] = [
    "etc/os-release",
    "etc/lsb-release",
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/a",
    "var/lib/dpkg/status.d/a.md5sums",
    "var/lib/dpkg/info/a.list",
    "lib/apk/db/installed",
    "s/a-1.dist-info/METADATA",
    "s/a-1.dist-info/RECORD",
    "s/a.egg-info/PKG-INFO",
    "s/a.egg-info/installed-files.txt",
    "n/node_modules/a/package.json",
    "n/node_modules/a/node_modules/b/package.json",
    "g/specifications/a-1.gemspec",
];

proptest! {
    #[test]
    fn any_content_gives_an_answer(files in scraps()) {
        let draft = files.iter().fold(Draft::new(), |draft, (place, content)| draft.file(PLACES[*place], content));
        let inventory = draft.inventory();
        let names = inventory.packages.iter().map(|package| (&package.ecosystem, &package.name, &package.version));
        prop_assert!(names.is_sorted());
        prop_assert!(inventory.packages.iter().all(|package| !package.locations.is_empty()));
        prop_assert!(inventory.packages.iter().all(|package| !package.name.is_empty() && !package.version.is_empty()));
    }
}

#[test]
fn the_order_of_the_archive_does_not_matter() {
    let npm = r#"{"name":"n","version":"1"}"#;
    let files: Vec<(&str, String)> = vec![
        ("etc/os-release", DEBIAN.to_owned()),
        (
            "var/lib/dpkg/status",
            [deb("b", "1", "all"), deb("a", "1", "all")].concat(),
        ),
        (
            "var/lib/dpkg/info/a.list",
            "/x/node_modules/n/package.json\n".to_owned(),
        ),
        (
            "var/lib/dpkg/info/b.list",
            "/x/node_modules/n/package.json\n".to_owned(),
        ),
        ("x/node_modules/n/package.json", npm.to_owned()),
        ("y/node_modules/n/package.json", npm.to_owned()),
        ("z/node_modules/n/package.json", npm.to_owned()),
        ("s/n-1.dist-info/METADATA", "Name: n\nVersion: 1\n".to_owned()),
        ("s/n-1.dist-info/RECORD", "n.py,,\n".to_owned()),
        ("s/n.py", String::new()),
    ];
    let answer = |files: &mut dyn Iterator<Item = &(&str, String)>| {
        let draft = files.fold(Draft::new(), |draft, (path, content)| draft.file(path, content));
        let inventory = draft.inventory();
        format!("{:#?} {:#?}", inventory.packages, inventory.notes)
    };
    let forward = answer(&mut files.iter());
    assert_eq!(forward, answer(&mut files.iter().rev()));
    assert_eq!(
        forward,
        answer(&mut files.iter().skip(4).chain(files.iter().take(4)))
    );
}
