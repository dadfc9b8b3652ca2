//! Makes layers and images, and looks at what was read.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use hullmark::image::{self, ContentId, FileHeader, Image, Inspect, NodeKind, ReadOptions};
use hullmark::{Error, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// One header block; the name may be any bytes of up to 100.
pub fn header(kind: u8, name: &[u8], link: &[u8], mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::new(kind));
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_cksum();
    header
}

/// A tar archive, entry by entry.
#[derive(Clone, Default)]
pub struct Tar(pub Vec<u8>);

impl Tar {
    pub fn raw(mut self, header: &tar::Header, body: &[u8]) -> Self {
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(body);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn entry(self, kind: u8, name: &[u8], link: &[u8], mode: u32, body: &[u8]) -> Self {
        self.raw(&header(kind, name, link, mode, body.len() as u64), body)
    }

    pub fn file(self, name: &str, body: &str) -> Self {
        self.entry(b'0', name.as_bytes(), b"", 0o644, body.as_bytes())
    }

    pub fn folder(self, name: &str) -> Self {
        self.entry(b'5', name.as_bytes(), b"", 0o755, b"")
    }

    pub fn symlink(self, name: &str, target: &str) -> Self {
        self.entry(b'2', name.as_bytes(), target.as_bytes(), 0o777, b"")
    }

    pub fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(b'1', name.as_bytes(), target.as_bytes(), 0o644, b"")
    }

    /// A pax header with these records.
    pub fn pax(self, kind: u8, records: &[(&str, &[u8])]) -> Self {
        let mut text = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let length = (rest..)
                .find(|length| length.to_string().len() + rest == *length)
                .unwrap();
            text.extend_from_slice(format!("{length} {key}=").as_bytes());
            text.extend_from_slice(value);
            text.push(b'\n');
        }
        self.entry(kind, b"pax", b"", 0o644, &text)
    }

    /// With the end marker.
    pub fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// An OCI layout on its way: files by name.
#[derive(Clone, Default)]
pub struct Layout(pub BTreeMap<String, Vec<u8>>);

impl Layout {
    /// Adds a blob and gives its descriptor.
    pub fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = sha256(bytes);
        self.0
            .insert(format!("blobs/sha256/{}", &digest[7..]), bytes.to_vec());
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    }

    /// Adds an image; each layer is its tar and how it is stored. Gives the descriptor of the manifest.
    pub fn image(&mut self, architecture: &str, layers: &[(&[u8], &[u8])]) -> Value {
        let diff_ids: Vec<String> = layers.iter().map(|(tar, _)| sha256(tar)).collect();
        let history: Vec<Value> = (0..layers.len())
            .map(|i| json!({"created_by": format!("step {i}")}))
            .collect();
        let layers: Vec<Value> = layers
            .iter()
            .map(|(_, stored)| self.blob("application/vnd.oci.image.layer.v1.tar", stored))
            .collect();
        let config = json!({
            "architecture": architecture, "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history,
        });
        self.manifest(&config, &layers)
    }

    pub fn manifest(&mut self, config: &Value, layers: &[Value]) -> Value {
        let config = self.blob(
            "application/vnd.oci.image.config.v1+json",
            config.to_string().as_bytes(),
        );
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
        self.blob(
            "application/vnd.oci.image.manifest.v1+json",
            manifest.to_string().as_bytes(),
        )
    }

    pub fn index(&mut self, manifests: &[Value]) -> Value {
        let index = json!({"schemaVersion": 2, "manifests": manifests});
        self.blob(
            "application/vnd.oci.image.index.v1+json",
            index.to_string().as_bytes(),
        )
    }

    pub fn top(&mut self, manifests: &[Value]) {
        let index = json!({"schemaVersion": 2, "manifests": manifests});
        self.0
            .insert("index.json".to_owned(), index.to_string().into_bytes());
        self.0.insert(
            "oci-layout".to_owned(),
            b"{\"imageLayoutVersion\":\"1.0.0\"}".to_vec(),
        );
    }

    pub fn tar(&self) -> Vec<u8> {
        let tar = Tar::default().folder("blobs/").folder("blobs/sha256/");
        self.0
            .iter()
            .fold(tar, |tar, (name, body)| {
                tar.entry(b'0', name.as_bytes(), b"", 0o644, body)
            })
            .end()
    }
}

/// An OCI archive of these layers, stored as they are.
pub fn oci(layers: &[Vec<u8>]) -> Vec<u8> {
    let mut layout = Layout::default();
    let layers: Vec<(&[u8], &[u8])> = layers.iter().map(|layer| (&layer[..], &layer[..])).collect();
    let manifest = layout.image("amd64", &layers);
    layout.top(&[manifest]);
    layout.tar()
}

/// Keeps what it sees of each file, up to a bound.
#[derive(Debug, Default)]
pub struct Seen {
    pub files: Vec<(FileHeader, Vec<u8>)>,
    pub most: Option<u64>,
}

impl Inspect for Seen {
    fn file(&mut self, header: &FileHeader, body: &mut dyn Read) -> Result<()> {
        let mut bytes = Vec::new();
        // What goes wrong here must come to light without the inspector's help.
        let _ = body.take(self.most.unwrap_or(1 << 20)).read_to_end(&mut bytes);
        self.files.push((header.clone(), bytes));
        Ok(())
    }
}

impl Seen {
    pub fn text(&self, content: ContentId) -> String {
        let (_, bytes) = self
            .files
            .iter()
            .find(|(header, _)| header.content == content)
            .unwrap();
        String::from_utf8_lossy(bytes).into_owned()
    }
}

pub fn read(archive: &[u8]) -> Result<(Image, Seen)> {
    read_with(archive, &ReadOptions::default())
}

pub fn read_with(archive: &[u8], options: &ReadOptions) -> Result<(Image, Seen)> {
    let mut seen = Seen::default();
    let image = image::read(Cursor::new(archive), options, &mut seen)?;
    Ok((image, seen))
}

#[track_caller]
pub fn fails(archive: &[u8]) -> Error {
    match read(archive) {
        Ok((image, _)) => panic!("read: {image:?}"),
        Err(error) => error,
    }
}

/// The view, one path a line: files with their content, links with their target.
pub fn list(image: &Image, seen: &Seen) -> String {
    let lines: Vec<String> = image
        .view
        .iter()
        .map(|(path, node)| match &node.kind {
            NodeKind::File { content, .. } => format!("{path} = {}", seen.text(*content)),
            NodeKind::Directory => format!("{path}/"),
            NodeKind::Symlink(target) => format!("{path} -> {}", String::from_utf8_lossy(target)),
            _ => format!("{path} ?"),
        })
        .collect();
    lines.join("\n")
}

/// The view of an image of these layers.
#[track_caller]
pub fn merged(layers: &[Tar]) -> String {
    let layers: Vec<Vec<u8>> = layers.iter().map(|layer| layer.clone().end()).collect();
    let (image, seen) = read(&oci(&layers)).unwrap();
    assert_eq!(image.notes, []);
    list(&image, &seen)
}

/// The view of an image of these layers, and the reasons of its notes.
#[track_caller]
pub fn merged_with_notes(layers: &[Tar]) -> (String, Vec<String>) {
    let layers: Vec<Vec<u8>> = layers.iter().map(|layer| layer.clone().end()).collect();
    let (image, seen) = read(&oci(&layers)).unwrap();
    (
        list(&image, &seen),
        image
            .notes
            .iter()
            .map(|note| format!("{}: {}", note.place, note.reason))
            .collect(),
    )
}
