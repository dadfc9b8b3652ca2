//! Puts bytes where a scan reads them, so that no digest stands between the fuzzer and the parsers.

/// A tar archive of these files.
pub fn tar<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, content) in files {
        let mut header = [0u8; 512];
        header[..path.len()].copy_from_slice(path.as_bytes());
        header[100..107].copy_from_slice(b"0000755");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive.extend(header);
        archive.extend(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// What `docker save` wrote before it named blobs by their digests, with `layer` as its one layer.
pub fn image(layer: &[u8]) -> Vec<u8> {
    let manifest = br#"[{"Config": "config.json", "Layers": ["layer.tar"]}]"#;
    let config = br#"{"config": {"Env": ["A=b"], "Cmd": ["/bin/a"]}}"#;
    tar([
        ("manifest.json", &manifest[..]),
        ("config.json", config),
        ("layer.tar", layer),
    ])
}
