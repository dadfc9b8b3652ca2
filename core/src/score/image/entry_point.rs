//! What starts the container, as far as its configuration tells.

use std::collections::BTreeSet;

use super::links::Links;
use super::roles;
use crate::image::{ImageConfig, ImagePath, View};

/// Which files start the container, and where its application lies.
#[derive(Default)]
pub(super) struct EntryPoint {
    pub(super) files: BTreeSet<ImagePath>,
    /// Folders of the application: those of the files and the working folder, but for the system's own.
    pub(super) folders: Vec<Vec<u8>>,
    /// It runs as root or listens on a port.
    pub(super) exposed: bool,
}

impl EntryPoint {
    /// Finds the programs and scripts that `Entrypoint` and `Cmd` name.
    pub(super) fn of(config: &ImageConfig, view: &View, links: &Links<'_>) -> Self {
        let mut entry = Self {
            exposed: !config.exposed_ports.is_empty() || runs_as_root(&config.user),
            ..Self::default()
        };
        let mut words = config.entrypoint.iter().chain(&config.cmd);
        let Some(program) = words.next() else { return entry };
        let on_path = |word: &str| find_program(links, config, word);
        entry.files.extend(on_path(program).cloned());
        let is_code = |path: &&ImagePath| {
            let mode = view.nodes.get(*path).map_or(0, |node| node.mode);
            roles::is_code(path.as_bytes(), mode)
        };
        // Shells, inits and start scripts run what their first argument names, looked for as they
        // would (`tini -- nginx`, `sh -c 'exec nginx'`); interpreters take files (`node server.js`).
        let mut first = true;
        for word in words.flat_map(|word| word.split_whitespace()) {
            if word.starts_with('-') || word == "exec" || word.contains('=') {
                continue;
            }
            let in_folder = links.file(&config.working_dir, word);
            let found = in_folder.or_else(|| first.then(|| on_path(word)).flatten());
            entry.files.extend(found.filter(is_code).cloned());
            first = false;
        }
        let working = ImagePath::new(config.working_dir.as_bytes());
        let parents = entry.files.iter().map(|path| path.parent().to_vec());
        let mut folders: Vec<Vec<u8>> = parents.chain([working.as_bytes().to_vec()]).collect();
        folders.retain(|folder| !roles::is_system_folder(folder));
        folders.sort();
        folders.dedup();
        entry.folders = folders;
        entry
    }
}

/// No user is root; so are uid 0 and the name, with or without a group.
fn runs_as_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    matches!(name, "" | "root") || name.parse() == Ok(0u32)
}

/// What Docker uses where an image sets no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

fn find_program<'a>(links: &Links<'a>, config: &ImageConfig, word: &str) -> Option<&'a ImagePath> {
    if word.contains('/') {
        return links.file(&config.working_dir, word);
    }
    let mut variables = config.env.iter();
    let path = variables.find_map(|variable| variable.strip_prefix("PATH="));
    let mut folders = path.unwrap_or(DEFAULT_PATH).split(':');
    folders.find_map(|folder| links.file(folder, word))
}
