//! Files that run with the rights of another, and files anybody may write.

use super::{Exposure, ExposureKind};
use crate::image::{ImagePath, Node, NodeKind, View};
use crate::inventory::Location;
use crate::score::Level;

const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;
const EXECUTABLE: u32 = 0o111;
const OTHERS_WRITE: u32 = 0o002;

/// Programs that distributions install setuid or setgid since they do nothing useful otherwise.
const CUSTOMARY: &[&str] = &[
    "at",
    "bsd-write",
    "bwrap",
    "chage",
    "chfn",
    "chsh",
    "crontab",
    "dbus-daemon-launch-helper",
    "doas",
    "expiry",
    "fusermount",
    "fusermount3",
    "gpasswd",
    "grub2-set-bootflag",
    "locate",
    "mlocate",
    "mount",
    "mount.cifs",
    "mount.nfs",
    "newgidmap",
    "newgrp",
    "newuidmap",
    "pam_extrausers_chkpwd",
    "pam_timestamp_check",
    "passwd",
    "ping",
    "ping6",
    "pkexec",
    "plocate",
    "polkit-agent-helper-1",
    "screen",
    "ssh-agent",
    "ssh-keysign",
    "su",
    "sudo",
    "umount",
    "unix_chkpwd",
    "userhelper",
    "usernetctl",
    "utempter",
    "wall",
    "write",
];

/// Reports the modes of all files of `view` that give away rights.
pub(super) fn look(view: &View, diff_id: impl Fn(usize) -> Option<String>, exposures: &mut Vec<Exposure>) {
    for (path, node) in &view.nodes {
        for (rule, kind, severity, evidence) in judge(path, node) {
            exposures.push(Exposure {
                rule: rule.to_owned(),
                kind,
                severity,
                location: Location {
                    path: path.to_string(),
                    layer: diff_id(node.layer),
                },
                line: None,
                evidence,
                in_lower_layer: false,
            });
        }
    }
}

type Judgement = (&'static str, ExposureKind, Level, String);

fn judge(path: &ImagePath, node: &Node) -> Vec<Judgement> {
    let mode = node.mode;
    let mut found = Vec::new();
    match node.kind {
        NodeKind::File { .. } => {
            let name = path.file_name();
            let customary = in_system_folder(path) && CUSTOMARY.iter().any(|known| name == known.as_bytes());
            let level = if customary { Level::Low } else { Level::Medium };
            if mode & SETUID != 0 && mode & EXECUTABLE != 0 {
                let evidence = format!("mode {mode:04o}, owner {}", node.uid);
                found.push(("mode.setuid", ExposureKind::Setuid, level, evidence));
            }
            // Setgid without execution for the group once meant mandatory locking, and gives no rights.
            if mode & SETGID != 0 && mode & 0o010 != 0 {
                let evidence = format!("mode {mode:04o}, group {}", node.gid);
                found.push(("mode.setgid", ExposureKind::Setuid, level, evidence));
            }
            if mode & OTHERS_WRITE != 0 {
                let runs =
                    mode & EXECUTABLE != 0 || in_system_folder(path) || path.as_bytes().starts_with(b"etc/");
                let level = if runs { Level::High } else { Level::Medium };
                let evidence = format!("mode {mode:04o}");
                found.push((
                    "mode.world-writable-file",
                    ExposureKind::WorldWritable,
                    level,
                    evidence,
                ));
            }
        }
        NodeKind::Directory if mode & OTHERS_WRITE != 0 && mode & STICKY == 0 => {
            let level = if in_system_folder(path) {
                Level::High
            } else {
                Level::Medium
            };
            let evidence = format!("mode {mode:04o}, not sticky");
            found.push((
                "mode.world-writable-directory",
                ExposureKind::WorldWritable,
                level,
                evidence,
            ));
        }
        // A symbolic link has no mode of its own; devices are made anew in a container.
        _ => {}
    }
    found
}

/// Where programs and libraries of the system stand.
fn in_system_folder(path: &ImagePath) -> bool {
    const FOLDERS: &[&str] = &[
        "bin",
        "sbin",
        "lib",
        "lib64",
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "usr/lib64",
        "usr/libexec",
    ];
    let path = path.as_bytes();
    FOLDERS.iter().any(|folder| {
        let rest = path.strip_prefix(folder.as_bytes());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    })
}
