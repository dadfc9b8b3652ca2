//! Layers on top of one another.

use hullmark::image::ImagePath;

use crate::build::{Tar, merged, merged_with_notes, oci, read};

fn tar() -> Tar {
    Tar::default()
}

#[test]
fn a_whiteout_hides_what_is_below_and_nothing_of_its_own_layer() {
    let lower = tar()
        .folder("d")
        .file("d/a", "old")
        .file("d/b", "old")
        .folder("d/sub")
        .file("d/sub/x", "old");
    let upper = tar()
        .file("d/.wh.a", "")
        .file("d/b", "new")
        .file("d/.wh.b", "")
        .file("d/.wh.sub", "");
    assert_eq!(merged(&[lower.clone(), upper]), "/d/\n/d/b = new");
    // The root has whiteouts as well.
    assert_eq!(merged(&[lower, tar().file("./.wh.d", "")]), "");
    // One that hides nothing is nothing to speak of.
    assert_eq!(merged(&[tar().file("a", "1"), tar().file(".wh.b", "")]), "/a = 1");
}

#[test]
fn a_folder_is_opaque_wherever_in_the_archive_that_is_said() {
    let lower = tar()
        .folder("d")
        .file("d/a", "old")
        .folder("d/sub")
        .file("d/sub/x", "old")
        .file("e", "kept");
    for upper in [
        tar().folder("d").file("d/.wh..wh..opq", "").file("d/b", "new"),
        tar().folder("d").file("d/b", "new").file("d/.wh..wh..opq", ""),
        tar().file("d/b", "new").file("d/.wh..wh..opq", "").folder("d"),
    ] {
        assert_eq!(merged(&[lower.clone(), upper]), "/d/\n/d/b = new\n/e = kept");
    }
    assert_eq!(
        merged(&[lower, tar().file("n", "new").file(".wh..wh..opq", "")]),
        "/n = new"
    );
}

#[test]
fn what_the_same_layer_puts_again_after_a_whiteout_is_fresh() {
    let lower = tar().folder("d").file("d/a", "old").file("d/b", "old");
    let upper = tar().file(".wh.d", "").folder("d").file("d/b", "new");
    assert_eq!(merged(&[lower, upper]), "/d/\n/d/b = new");
}

#[test]
fn files_folders_and_links_take_each_others_place() {
    let lower = tar()
        .folder("d")
        .file("d/a", "old")
        .file("f", "file")
        .symlink("l", "d");
    assert_eq!(
        merged(&[lower.clone(), tar().file("d", "now a file")]),
        "/d = now a file\n/f = file\n/l -> d"
    );
    assert_eq!(
        merged(&[lower.clone(), tar().file("l", "mine")]),
        "/d/\n/d/a = old\n/f = file\n/l = mine"
    );
    assert_eq!(
        merged(&[lower.clone(), tar().folder("f").file("f/x", "1")]),
        "/d/\n/d/a = old\n/f/\n/f/x = 1\n/l -> d"
    );
    assert_eq!(
        merged(&[lower, tar().folder("l").file("l/x", "1")]),
        "/d/\n/d/a = old\n/f = file\n/l/\n/l/x = 1"
    );
}

#[test]
fn a_folder_over_a_folder_keeps_the_children_and_takes_the_mode() {
    let lower = tar().folder("d").file("d/a", "old").folder("same");
    let upper = tar().entry(b'5', b"d/", b"", 0o1777, b"").folder("same");
    let (image, _) = read(&oci(&[lower.end(), upper.end()])).unwrap();
    let node = |path: &str| image.view.get(&ImagePath::new(path.as_bytes())).unwrap();
    assert_eq!((node("d").mode, node("d").layer), (0o1777, 1));
    assert_eq!((node("same").mode, node("same").layer), (0o755, 0));
    assert_eq!(node("d/a").layer, 0);
}

#[test]
fn entries_go_where_the_links_on_their_way_lead() {
    let lower = tar()
        .folder("usr")
        .folder("usr/lib")
        .symlink("lib", "usr/lib")
        .symlink("abs", "/usr/lib");
    let upper = tar()
        .file("lib/x", "1")
        .file("abs/y", "2")
        .folder("lib/sub")
        .file("lib/sub/z", "3");
    let view = "/abs -> /usr/lib\n/lib -> usr/lib\n/usr/\n/usr/lib/\n/usr/lib/sub/\n/usr/lib/sub/z = 3\n\
                /usr/lib/x = 1\n/usr/lib/y = 2";
    assert_eq!(merged(&[lower.clone(), upper.clone()]), view);
    // The link may be of the same layer, and whiteouts follow it as well.
    let both = Tar([lower.0, upper.0].concat());
    assert_eq!(merged(std::slice::from_ref(&both)), view);
    let without = tar().file("lib/.wh.x", "").file("abs/.wh.sub", "");
    assert_eq!(
        merged(&[both, without]),
        "/abs -> /usr/lib\n/lib -> usr/lib\n/usr/\n/usr/lib/\n/usr/lib/y = 2"
    );
}

#[test]
fn a_link_that_changes_between_entries_counts_as_it_stands() {
    let layer = tar()
        .folder("one")
        .folder("two")
        .symlink("l", "one")
        .file("l/a", "1")
        .symlink("l", "two")
        .file("l/b", "2");
    assert_eq!(
        merged(&[layer]),
        "/l -> two\n/one/\n/one/a = 1\n/two/\n/two/b = 2"
    );
}

#[test]
fn an_opaque_folder_in_place_of_a_link_hides_nothing_behind_the_link() {
    let lower = tar().folder("b").file("b/x", "kept").symlink("a", "b");
    let upper = tar().folder("a").file("a/.wh..wh..opq", "").file("a/y", "1");
    assert_eq!(merged(&[lower, upper]), "/a/\n/a/y = 1\n/b/\n/b/x = kept");
}

#[test]
fn links_never_lead_out_of_the_root() {
    let layer = tar()
        .symlink("up", "../../..")
        .file("up/x", "1")
        .symlink("abs", "/../tmp")
        .file("abs/y", "2");
    assert_eq!(
        merged(&[layer]),
        "/abs -> /../tmp\n/tmp/\n/tmp/y = 2\n/up -> ../../..\n/x = 1"
    );
}

#[test]
fn loops_of_links_are_noted() {
    let layer = tar()
        .symlink("a", "b")
        .symlink("b", "a")
        .file("a/x", "1")
        .file("y", "2")
        .hard_link("z", "a/x");
    let (view, notes) = merged_with_notes(&[layer]);
    assert_eq!(view, "/a -> b\n/b -> a\n/y = 2");
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].starts_with("/a/x in layer sha256:") && notes[0].contains("do not end"),
        "{notes:?}"
    );
}

#[test]
fn folders_nobody_mentions_are_there() {
    assert_eq!(merged(&[tar().file("a/b/c", "1")]), "/a/\n/a/b/\n/a/b/c = 1");
    let (view, notes) = merged_with_notes(&[tar().file("a", "1"), tar().file("a/b", "2")]);
    assert_eq!(view, "/a/\n/a/b = 2");
    assert_eq!(notes.len(), 1);
}

#[test]
fn hard_links_share_content_across_layers() {
    let lower = tar()
        .folder("bin")
        .file("bin/gunzip", "program")
        .symlink("sbin", "bin");
    let middle = tar()
        .hard_link("bin/uncompress", "sbin/gunzip")
        .hard_link("bin/again", "/bin/uncompress");
    let upper = tar().file("bin/.wh.gunzip", "");
    let layers = [lower.end(), middle.end(), upper.end()];
    let (image, seen) = read(&oci(&layers)).unwrap();
    assert_eq!(
        seen.files.len(),
        1,
        "whiteouts and links are not inspected: {:?}",
        seen.files
    );
    let node = |path: &str| image.view.get(&ImagePath::new(path.as_bytes()));
    assert!(node("bin/gunzip").is_none());
    let content = node("bin/uncompress").unwrap().content().unwrap();
    assert_eq!(node("bin/again").unwrap().content(), Some(content));
    assert_eq!(node("bin/again").unwrap().layer, 1);
    assert_eq!(image.content_layers[content.0 as usize], 0);
    assert_eq!(seen.text(content), "program");
}

#[test]
fn a_hard_link_is_to_what_its_target_is_then() {
    let layer = tar()
        .file("a", "1")
        .hard_link("b", "a")
        .file("a", "2")
        .hard_link("c", "a")
        .hard_link("c", "c");
    assert_eq!(merged(&[layer]), "/a = 2\n/b = 1\n/c = 2");
    let (view, notes) = merged_with_notes(&[tar().hard_link("b", "gone").folder("d").hard_link("e", "d")]);
    assert_eq!(view, "/d/");
    assert!(
        notes[0].contains("hard link to /gone, which is not there"),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("hard link to /d, which is a folder"),
        "{notes:?}"
    );
}

#[test]
fn the_header_of_a_hard_link_sets_the_mode_of_the_file() {
    let layer = tar()
        .file("su", "program")
        .entry(b'1', b"other", b"su", 0o4755, b"");
    let (image, _) = read(&oci(&[layer.end()])).unwrap();
    assert!(image.view.iter().all(|(_, node)| node.mode == 0o4755));
}

#[test]
fn what_aufs_left_behind_is_no_part_of_the_image() {
    let layer = tar()
        .file(".wh..wh.aufs", "")
        .folder(".wh..wh.plnk")
        .file(".wh..wh.plnk/1.2", "linked")
        .folder(".wh..wh.orph")
        .file("d/.wh..wh.something", "")
        .hard_link("a", ".wh..wh.plnk/1.2");
    assert_eq!(merged(&[layer]), "/a = linked");
}

#[test]
fn whiteouts_without_a_name_are_noted_and_do_nothing() {
    let lower = tar().folder("d").file("d/x", "1");
    for name in ["d/.wh.", "d/.wh..", "d/.wh..."] {
        let (view, notes) = merged_with_notes(&[lower.clone(), tar().file(name, "")]);
        assert_eq!(view, "/d/\n/d/x = 1", "{name}");
        assert_eq!(notes.len(), 1, "{name}: {notes:?}");
    }
}

#[test]
fn names_that_climb_stay_inside_and_are_noted() {
    let layer = tar()
        .file("../../etc/a", "1")
        .file("/etc/b", "2")
        .file("./x/../../c", "3")
        .file("x/../d", "4");
    let (view, notes) = merged_with_notes(&[layer]);
    assert_eq!(view, "/c = 3\n/d = 4\n/etc/\n/etc/a = 1\n/etc/b = 2");
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("\"../../etc/a\" climbs out of the root"),
        "{notes:?}"
    );
}

#[test]
fn a_blob_that_serves_twice_is_read_once() {
    let layer = tar().file("a", "1").end();
    let (image, seen) = read(&oci(&[layer.clone(), tar().file(".wh.a", "").end(), layer])).unwrap();
    assert_eq!(image.layers.len(), 3);
    assert_eq!(seen.files.len(), 1);
    let node = image.view.get(&ImagePath::new(b"a")).unwrap();
    assert_eq!(node.layer, 2);
}
