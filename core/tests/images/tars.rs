//! What tar archives have in them.

use hullmark::image::{ImagePath, NodeKind};

use crate::build::{Tar, fails, header, list, merged, merged_with_notes, oci, read};

fn tar() -> Tar {
    Tar::default()
}

#[test]
fn pax_headers() {
    let long = format!("{}/file", "n".repeat(200));
    let layer = tar()
        .pax(
            b'x',
            &[
                ("path", long.as_bytes()),
                ("mtime", b"1700000000.5"),
                ("uid", b"70000"),
                ("gid", b"3000000"),
            ],
        )
        .file("short", "1")
        .pax(b'x', &[("linkpath", long.as_bytes())])
        .symlink("link", "short")
        .pax(b'x', &[("size", b"4")])
        .raw(&header(b'0', b"sized", b"", 0o600, 0), b"four")
        .pax(b'x', &[("path", b"new\nline")])
        .file("odd", "2")
        .file("plain", "3")
        .end();
    let (image, seen) = read(&oci(&[layer])).unwrap();
    assert_eq!(
        list(&image, &seen),
        format!(
            "/link -> {long}\n/new\\nline = 2\n/{}/\n/{long} = 1\n/plain = 3\n/sized = four",
            "n".repeat(200)
        )
    );
    let node = image.view.get(&ImagePath::new(long.as_bytes())).unwrap();
    assert_eq!((node.uid, node.gid, node.mode), (70000, 3_000_000, 0o644));
}

#[test]
fn global_pax_headers_are_passed_over() {
    // As Go's reader does, with which container runtimes unpack.
    assert_eq!(
        merged(&[tar()
            .pax(b'g', &[("comment", b"x")])
            .file("a", "1")
            .file("b", "2")]),
        "/a = 1\n/b = 2"
    );
    let (view, notes) =
        merged_with_notes(&[tar().pax(b'g', &[("path", b"x"), ("uid", b"7")]).file("a", "1")]);
    assert_eq!(view, "/a = 1");
    assert!(notes[0].contains("states path, uid"), "{notes:?}");
}

#[test]
fn gnu_long_names() {
    let long = "l".repeat(300);
    let zero = format!("{long}\0");
    let layer = tar()
        .entry(b'L', b"././@LongLink", b"", 0, zero.as_bytes())
        .file("short", "1")
        .entry(b'K', b"././@LongLink", b"", 0, zero.as_bytes())
        .entry(b'L', b"././@LongLink", b"", 0, b"second\0")
        .symlink("short", "short")
        .file("third", "3");
    assert_eq!(
        merged(&[layer]),
        format!("/{long} = 1\n/second -> {long}\n/third = 3")
    );
}

#[test]
fn old_headers_prefixes_and_big_numbers() {
    let mut v7 = tar::Header::new_old();
    v7.as_old_mut().name[..2].copy_from_slice(b"d/");
    v7.set_mode(0o755);
    v7.set_size(0);
    v7.set_entry_type(tar::EntryType::new(0));
    v7.set_cksum();
    let mut prefixed = header(b'0', b"file", b"", 0o4755, 1);
    prefixed.as_ustar_mut().unwrap().prefix[..4].copy_from_slice(b"d/in");
    prefixed.set_cksum();
    let mut gnu = tar::Header::new_gnu();
    gnu.as_old_mut().name[..3].copy_from_slice(b"gnu");
    gnu.set_uid(1 << 40);
    gnu.set_size(1);
    // Where ustar has the prefix, GNU has times.
    gnu.as_gnu_mut().unwrap().atime[..11].copy_from_slice(b"14000000000");
    gnu.set_cksum();
    let layer =
        tar()
            .raw(&v7, b"")
            .raw(&prefixed, b"1")
            .raw(&gnu, b"2")
            .entry(b'7', b"contiguous", b"", 0, b"3");
    let (image, seen) = read(&oci(&[layer.end()])).unwrap();
    assert_eq!(
        list(&image, &seen),
        "/contiguous = 3\n/d/\n/d/in/\n/d/in/file = 1\n/gnu = 2"
    );
    assert_eq!(image.view.get(&ImagePath::new(b"gnu")).unwrap().uid, 1 << 40);
    assert_eq!(
        image.view.get(&ImagePath::new(b"d/in/file")).unwrap().mode,
        0o4755
    );
}

#[test]
fn devices_and_unknown_types() {
    let layer = tar()
        .entry(b'3', b"null", b"", 0o666, b"")
        .entry(b'6', b"pipe", b"", 0, b"");
    assert_eq!(merged(&[layer]), "/null ?\n/pipe ?");
    let (view, notes) = merged_with_notes(&[tar().entry(b'V', b"volume", b"", 0, b"12").file("a", "1")]);
    assert_eq!(view, "/a = 1");
    assert!(notes[0].contains("unknown type 'V'"), "{notes:?}");
}

#[test]
fn links_with_a_size_have_no_body() {
    let layer = tar()
        .file("a", "1")
        .raw(&header(b'1', b"b", b"a", 0o644, 600), b"")
        .file("c", "2");
    assert_eq!(merged(&[layer]), "/a = 1\n/b = 1\n/c = 2");
}

#[test]
fn names_that_are_not_text() {
    let layer = tar()
        .entry(b'0', b"caf\xe9", b"", 0o644, b"1")
        .entry(b'2', b"link", b"caf\xe9", 0o777, b"");
    let (image, _) = read(&oci(&[layer.end()])).unwrap();
    let (path, _) = image.view.resolve(b"link").unwrap();
    assert_eq!(path.as_bytes(), b"caf\xe9");
    assert_eq!(path.to_string(), "/caf\\xe9");
}

#[test]
fn paths_beyond_the_bound_are_left_out_and_noted() {
    let long = "x/".repeat(2100);
    let layer = tar()
        .pax(b'x', &[("path", long.as_bytes())])
        .file("short", "1")
        .file("a", "2");
    let (view, notes) = merged_with_notes(&[layer]);
    assert_eq!(view, "/a = 2");
    assert!(
        notes[0].contains("path of 4200 bytes, more than 4096"),
        "{notes:?}"
    );
}

#[test]
fn the_end_may_lack_padding_and_marker() {
    let whole = tar().file("a", "1").file("b", "2").0;
    for layer in [
        whole.clone(),
        whole[..whole.len() - 511].to_vec(),
        [&whole[..], &[0; 100]].concat(),
        [&whole[..], &[0; 512]].concat(),
        [&whole[..], &[0; 10240]].concat(),
    ] {
        let (image, seen) = read(&oci(std::slice::from_ref(&layer))).unwrap();
        assert_eq!(list(&image, &seen), "/a = 1\n/b = 2");
        assert_eq!(image.notes, []);
    }
}

#[test]
fn what_follows_the_end_counts_for_the_digest_and_is_noted() {
    let layer = [tar().file("a", "1").end(), tar().file("b", "2").end()].concat();
    let (image, seen) = read(&oci(std::slice::from_ref(&layer))).unwrap();
    assert_eq!(list(&image, &seen), "/a = 1");
    assert_eq!(image.layers[0].diff_id, crate::build::sha256(&layer));
    assert_eq!(image.notes.len(), 1);
}

#[test]
fn truncated_archives_are_errors() {
    let whole = tar().file("a", "1").entry(b'0', b"b", b"", 0o644, &[7; 700]).0;
    let long = tar().entry(b'L', b"L", b"", 0, b"long\0").0;
    for (layer, what) in [
        (whole[..512].to_vec(), "in the body"),
        (whole[..1024 + 300].to_vec(), "in a header"),
        (whole[..1024 + 512 + 699].to_vec(), "in the body"),
        (long.clone(), "without its entry"),
        (long[..514].to_vec(), "truncated"),
        (tar().pax(b'x', &[("path", b"x")]).end(), "without its entry"),
    ] {
        let error = fails(&oci(&[layer])).to_string();
        assert!(
            error.starts_with("tar: layer sha256:") && error.contains("truncated") && error.contains(what),
            "{error}"
        );
    }
}

#[test]
fn malformed_headers_are_errors() {
    let mut wrong_sum = tar().file("a", "1").file("b", "2").0;
    wrong_sum[1024] = b'X';
    let mut wrong_size = header(b'0', b"a", b"", 0o644, 1);
    wrong_size.as_old_mut().size = *b"12345678x\0\0\0";
    wrong_size.set_cksum();
    let mut negative = header(b'0', b"a", b"", 0o644, 1);
    negative.as_old_mut().size = [0xff; 12];
    negative.set_cksum();
    let lone = [&[0; 512][..], &tar().file("a", "1").end()].concat();
    for (layer, what) in [
        (wrong_sum, "at byte 1024: not a tar header"),
        (tar().raw(&wrong_size, b"1").end(), "size \"12345678x"),
        (tar().raw(&negative, b"1").end(), "is no number"),
        (lone, "one block of zeros"),
        (
            tar()
                .entry(b'x', b"pax", b"", 0, b"nonsense")
                .file("a", "1")
                .end(),
            "malformed record \"nonsense\"",
        ),
        (
            tar().raw(&header(b'L', b"L", b"", 0, 1 << 30), b"").end(),
            "extended header of 1073741824 bytes",
        ),
        (vec![b'x'; 2000], "not a tar header"),
    ] {
        let error = fails(&oci(&[layer])).to_string();
        assert!(error.contains(what), "{error}");
    }
}

/// A file of `size` bytes with `hello` at its start and `world` at its end, in each sparse format.
fn sparse(size: u64) -> Vec<(&'static str, Tar)> {
    let last = size - 5;
    let mut gnu = tar::Header::new_gnu();
    gnu.set_entry_type(tar::EntryType::GNUSparse);
    gnu.as_old_mut().name[..5].copy_from_slice(b"holes");
    gnu.set_mode(0o644);
    gnu.set_size(10);
    {
        let fields = gnu.as_gnu_mut().unwrap();
        let octal = |n: u64| -> [u8; 12] { format!("{n:011o}\0").into_bytes().try_into().unwrap() };
        fields.realsize = octal(size);
        for (slot, (offset, length)) in fields.sparse.iter_mut().zip([(0, 5), (last, 5), (size, 0)]) {
            slot.offset = octal(offset);
            slot.numbytes = octal(length);
        }
    }
    gnu.set_cksum();
    let size = size.to_string();
    let map = format!("0,5,{last},5");
    let last = last.to_string();
    let mut leading = format!("2\n0\n5\n{last}\n5\n").into_bytes();
    leading.resize(512, 0);
    leading.extend_from_slice(b"helloworld");
    vec![
        ("old GNU", tar().raw(&gnu, b"helloworld")),
        (
            "pax 0.0",
            tar()
                .pax(
                    b'x',
                    &[
                        ("GNU.sparse.size", size.as_bytes()),
                        ("GNU.sparse.numblocks", b"2"),
                        ("GNU.sparse.offset", b"0"),
                        ("GNU.sparse.numbytes", b"5"),
                        ("GNU.sparse.offset", last.as_bytes()),
                        ("GNU.sparse.numbytes", b"5"),
                    ],
                )
                .file("holes", "helloworld"),
        ),
        (
            "pax 0.1",
            tar()
                .pax(
                    b'x',
                    &[
                        ("GNU.sparse.name", b"holes"),
                        ("GNU.sparse.size", size.as_bytes()),
                        ("GNU.sparse.numblocks", b"2"),
                        ("GNU.sparse.map", map.as_bytes()),
                    ],
                )
                .file("GNUSparseFile.0/holes", "helloworld"),
        ),
        (
            "pax 1.0",
            tar()
                .pax(
                    b'x',
                    &[
                        ("GNU.sparse.major", b"1"),
                        ("GNU.sparse.minor", b"0"),
                        ("GNU.sparse.name", b"holes"),
                        ("GNU.sparse.realsize", size.as_bytes()),
                    ],
                )
                .entry(b'0', b"GNUSparseFile.0/holes", b"", 0o644, &leading),
        ),
    ]
}

#[test]
fn sparse_files_have_their_holes() {
    for (format, layer) in sparse(20) {
        let (image, seen) = read(&oci(&[layer.file("after", "1").end()])).unwrap();
        let expected = "/after = 1\n/holes = hello\0\0\0\0\0\0\0\0\0\0world";
        assert_eq!(list(&image, &seen), expected, "{format}");
    }
}

#[test]
fn a_sparse_file_of_gigabytes_costs_what_is_read_of_it() {
    for (format, layer) in sparse(2 << 30) {
        let (image, seen) = read(&oci(&[layer.file("after", "1").end()])).unwrap();
        let node = image.view.get(&ImagePath::new(b"holes")).unwrap();
        assert!(
            matches!(
                node.kind,
                NodeKind::File {
                    size: 0x8000_0000,
                    ..
                }
            ),
            "{format}: {node:?}"
        );
        let (_, start) = &seen.files[0];
        assert!(
            start.starts_with(b"hello\0\0") && start.len() == 1 << 20,
            "{format}"
        );
        assert_eq!(seen.text(seen.files[1].0.content), "1");
    }
}

#[test]
fn old_sparse_maps_go_on_in_further_blocks() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.as_old_mut().name[..5].copy_from_slice(b"holes");
    header.set_size(6);
    let octal = |n: u64| -> [u8; 12] { format!("{n:011o}\0").into_bytes().try_into().unwrap() };
    let fields = header.as_gnu_mut().unwrap();
    fields.realsize = octal(12);
    fields.isextended = [1];
    for (i, slot) in fields.sparse.iter_mut().enumerate() {
        (slot.offset, slot.numbytes) = (octal(i as u64 * 2), octal(1));
    }
    header.set_cksum();
    let mut block = tar::GnuExtSparseHeader::new();
    for (i, slot) in block.sparse.iter_mut().take(2).enumerate() {
        (slot.offset, slot.numbytes) = (octal(8 + i as u64 * 2), octal(1));
    }
    let mut layer = tar();
    layer.0.extend_from_slice(header.as_bytes());
    layer.0.extend_from_slice(block.as_bytes());
    layer.0.extend_from_slice(b"abcdef");
    layer.0.resize(512 * 3, 0);
    assert_eq!(
        merged(&[layer.file("z", "1")]),
        "/holes = a\0b\0c\0d\0e\0f\0\n/z = 1"
    );
}

#[test]
fn sparse_maps_that_cannot_be_are_errors() {
    for map in [
        "0,5,2,5",
        "0,5,18,5",
        "0,5,10,4",
        "18446744073709551615,5,0,5",
        "0",
        "x,5",
    ] {
        let layer = tar()
            .pax(
                b'x',
                &[("GNU.sparse.size", b"20"), ("GNU.sparse.map", map.as_bytes())],
            )
            .file("holes", "helloworld");
        let error = fails(&oci(&[layer.end()])).to_string();
        assert!(error.contains("sparse"), "{map}: {error}");
    }
}
