//! Lists the packages of an image of a few files, each where an extractor looks for it: a byte chooses the path, two more
//! tell the length, then comes the content.
#![no_main]

mod wrap;

use std::io::Cursor;

use hullmark::image::{self, ReadOptions};
use hullmark::inventory::Cataloguer;
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 24] = [
    "usr/bin/program",
    "app/app.jar",
    "var/lib/dpkg/status",
    "lib/apk/db/installed",
    "usr/lib/python3/dist-packages/a-1.dist-info/METADATA",
    "usr/lib/python3/dist-packages/a-1.dist-info/RECORD",
    "app/node_modules/a/package.json",
    "usr/share/gems/specifications/a-1.gemspec",
    "etc/os-release",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg/status.d/a",
    "var/lib/dpkg/status.d/a.md5sums",
    "usr/lib/opkg/status",
    "etc/passwd",
    "app/.env",
    "app/.netrc",
    "app/settings.yaml",
    "META-INF/maven/g/a/pom.properties",
    "app/a-1.egg-info",
    "etc/lsb-release",
    "etc/debian_version",
    "app/a.egg-info/installed-files.txt",
    "app/notes.txt",
    "usr/share/gems/gems/a-1/lib/a.rb",
];

fuzz_target!(|bytes: &[u8]| {
    let mut files = Vec::new();
    let mut rest = bytes;
    while let [path, low, high, more @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(more.len());
        let (content, after) = more.split_at(length);
        files.push((PATHS[usize::from(*path) % PATHS.len()], content));
        rest = after;
    }
    let archive = wrap::image(&wrap::tar(files));
    let options = ReadOptions::default();
    let mut cataloguer = Cataloguer::new(&options.limits);
    let image = image::read(Cursor::new(archive), &options, &mut cataloguer).expect("a sound image");
    cataloguer.finish(&image);
});
