//! Images and root filesystems in folders.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use hullmark::Error;
use hullmark::image::{Image, ImageKind, ImagePath, ReadOptions, read_folder, read_rootfs};
use serde_json::json;

use crate::build::{Layout, Seen, Tar, gzip, list, sha256};

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, body: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body).unwrap();
    }

    fn rootfs(&self) -> (Image, Seen) {
        let mut seen = Seen::default();
        let image = read_rootfs(&self.0, &ReadOptions::default(), &mut seen).unwrap();
        (image, seen)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_layout_in_a_folder() {
    let tar = Tar::default().file("a", "1").end();
    let mut layout = Layout::default();
    let manifest = layout.image("amd64", &[(&tar, &gzip(&tar))]);
    layout.top(std::slice::from_ref(&manifest));
    let folder = Folder::new("layout");
    for (name, body) in &layout.0 {
        folder.file(name, body);
    }
    let mut seen = Seen::default();
    let image = read_folder(&folder.0, &ReadOptions::default(), &mut seen).unwrap();
    assert_eq!(
        (image.kind, image.digest.as_str()),
        (ImageKind::OciLayout, manifest["digest"].as_str().unwrap())
    );
    assert_eq!(list(&image, &seen), "/a = 1");
    let mut options = ReadOptions::default();
    options.limits.document_bytes = 10;
    let error = read_folder(&folder.0, &options, &mut seen).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Limit {
                what: "document_bytes",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_docker_archive_in_a_folder_stays_in_it() {
    let outside = Folder::new("docker-outside");
    let tar = Tar::default().file("a", "1").end();
    outside.file("layer.tar", &tar);
    let folder = Folder::new("docker");
    folder.file("one/layer.tar", &tar);
    folder.file(
        "c.json",
        json!({"rootfs": {"diff_ids": [sha256(&tar)]}}).to_string(),
    );
    symlink("one/layer.tar", folder.0.join("inside.tar")).unwrap();
    symlink(outside.0.join("layer.tar"), folder.0.join("outside.tar")).unwrap();
    let read = |layer: &str| {
        folder.file(
            "manifest.json",
            json!([{"Config": "c.json", "Layers": [layer]}]).to_string(),
        );
        let mut seen = Seen::default();
        read_folder(&folder.0, &ReadOptions::default(), &mut seen).map(|image| list(&image, &seen))
    };
    assert_eq!(read("one/layer.tar").unwrap(), "/a = 1");
    assert_eq!(read("inside.tar").unwrap(), "/a = 1");
    for layer in ["outside.tar", "../docker-outside/layer.tar", "one", "/etc/passwd"] {
        assert!(
            read(layer)
                .unwrap_err()
                .to_string()
                .contains("the layer is missing"),
            "{layer}"
        );
    }
}

#[test]
fn a_folder_that_is_no_image() {
    let folder = Folder::new("no-image");
    let mut seen = Seen::default();
    let options = ReadOptions::default();
    assert!(matches!(
        read_folder(&folder.0, &options, &mut seen),
        Err(Error::Unsupported { what: "target", .. })
    ));
    for path in [folder.0.join("gone"), folder.0.join("file")] {
        folder.file("file", "");
        assert!(read_folder(&path, &options, &mut seen).is_err());
        assert!(
            matches!(read_rootfs(&path, &options, &mut seen), Err(Error::Io { .. })),
            "{path:?}"
        );
    }
}

#[test]
fn a_root_filesystem() {
    let folder = Folder::new("rootfs");
    folder.file("etc/os-release", "ID=x");
    folder.file("a/two", "2");
    folder.file("a.txt", "1");
    fs::set_permissions(folder.0.join("a.txt"), fs::Permissions::from_mode(0o4755)).unwrap();
    fs::hard_link(folder.0.join("a.txt"), folder.0.join("etc/same")).unwrap();
    symlink("/", folder.0.join("root")).unwrap();
    symlink("..", folder.0.join("a/up")).unwrap();
    let (image, seen) = folder.rootfs();
    assert_eq!(image.kind, ImageKind::Rootfs);
    assert_eq!(
        list(&image, &seen),
        "/a/\n/a.txt = 1\n/a/two = 2\n/a/up -> ..\n/etc/\n/etc/os-release = ID=x\n/etc/same = 1\n/root -> /"
    );
    assert_eq!(image.notes, []);
    let names: Vec<String> = seen
        .files
        .iter()
        .map(|(header, _)| header.path.to_string())
        .collect();
    assert_eq!(
        names,
        ["/a.txt", "/a/two", "/etc/os-release"],
        "in order, and linked files once"
    );
    let node = |path: &str| image.view.get(&ImagePath::new(path.as_bytes())).unwrap();
    assert_eq!(node("a.txt").mode, 0o4755);
    assert_eq!(node("a.txt").content(), node("etc/same").content());
    assert_eq!(
        image.view.resolve(b"root/etc/os-release").unwrap().0.to_string(),
        "/etc/os-release"
    );
    assert_eq!(
        (image.layers.len(), image.content_layers.as_slice()),
        (1, &[0, 0, 0][..])
    );
}

#[test]
fn names_that_are_not_text_and_sockets_in_a_root_filesystem() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new("rootfs-odd");
    fs::write(folder.0.join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "1").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.0.join("s"));
    let (image, seen) = folder.rootfs();
    assert_eq!(list(&image, &seen).lines().next(), Some("/caf\\xe9 = 1"));
}

#[test]
fn what_cannot_be_read_is_noted() {
    let folder = Folder::new("rootfs-closed");
    folder.file("closed/x", "1");
    folder.file("secret", "2");
    folder.file("open", "3");
    for name in ["closed", "secret"] {
        fs::set_permissions(folder.0.join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let (image, seen) = folder.rootfs();
    fs::set_permissions(folder.0.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(
        seen.files
            .iter()
            .any(|(header, _)| header.path.as_bytes() == b"open")
    );
    // The administrator can read everything.
    if seen.files.len() < 3 {
        let places: Vec<&str> = image.notes.iter().map(|note| note.place.as_str()).collect();
        assert_eq!(places, ["/secret", "/closed"]);
    }
}

#[test]
fn bounds_of_a_root_filesystem() {
    let folder = Folder::new("rootfs-bounds");
    for i in 0..10 {
        folder.file(&format!("d/{i}"), "0123456789");
    }
    let mut options = ReadOptions::default();
    options.limits.entries = 5;
    let error = read_rootfs(&folder.0, &options, &mut Seen::default()).unwrap_err();
    assert!(matches!(error, Error::Limit { what: "entries", .. }), "{error}");
    options = ReadOptions::default();
    options.limits.unpacked_bytes = 55;
    let error = read_rootfs(&folder.0, &options, &mut Seen::default()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Limit {
                what: "unpacked_bytes",
                ..
            }
        ),
        "{error}"
    );
    options = ReadOptions::default();
    options.limits.path_bytes = 2;
    let mut seen = Seen::default();
    let image = read_rootfs(&folder.0, &options, &mut seen).unwrap();
    assert_eq!(
        (image.view.len(), image.notes.len(), seen.files.len()),
        (1, 10, 0)
    );
}
