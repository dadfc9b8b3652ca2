//! Looks at files for secrets while an image is read, and tells afterwards where they stand.

use std::collections::{BTreeMap, BTreeSet};

use super::named::Guard;
use super::secrets::{Rules, Secret};
use super::{Exposure, ExposureKind, config, modes};
use crate::image::{ContentId, FileHeader, Image, ImagePath, NodeKind};
use crate::inventory::Location;
use crate::score::Level;

/// Secrets stand in small texts; larger files are data.
const TEXT_BYTES: u64 = 1 << 20;
/// Secrets kept of one image.
const PER_IMAGE: usize = 100_000;

/// Sees the content of every file once, and knows at the end what is exposed.
#[derive(Debug)]
pub(crate) struct Detector {
    rules: Rules,
    found: Vec<Found>,
    /// Users with the number 0, of each `/etc/passwd`.
    roots: BTreeMap<ContentId, BTreeSet<String>>,
}

#[derive(Debug)]
struct Found {
    content: ContentId,
    path: ImagePath,
    secret: Secret,
}

impl Detector {
    pub(crate) fn new() -> Self {
        Self {
            rules: Rules::new(),
            found: Vec::new(),
            roots: BTreeMap::new(),
        }
    }

    /// Whether the content of this file is asked for; `head` are its first bytes.
    pub(crate) fn wants(&self, header: &FileHeader, head: &[u8]) -> bool {
        (1..=TEXT_BYTES).contains(&header.size) && !head.contains(&0) && !is_published(header.path.as_bytes())
    }

    /// Looks at the whole content of a file that was asked for.
    pub(crate) fn inspect(&mut self, header: &FileHeader, body: &[u8]) {
        let path = header.path.as_bytes();
        if path == b"etc/passwd" {
            self.roots.insert(header.content, root_users(body));
        }
        if self.found.len() >= PER_IMAGE {
            return;
        }
        let mut secrets = self.rules.credentials(body);
        if let Some(settings) = Settings::of(path).filter(|_| self.rules.has_names(body)) {
            let text = String::from_utf8_lossy(body);
            let named = match settings {
                Settings::Assignments => self.rules.named(&text, Guard::Chosen),
                Settings::Netrc => netrc(&text),
            };
            // What has a form of its own is told by that.
            let lines: BTreeSet<u32> = secrets.iter().map(|secret| secret.line).collect();
            secrets.extend(named.into_iter().filter(|secret| !lines.contains(&secret.line)));
        }
        self.found.extend(secrets.into_iter().map(|secret| Found {
            content: header.content,
            path: header.path.clone(),
            secret,
        }));
    }

    /// All that is exposed in `image`, sorted: secrets, file modes, the configuration.
    pub(crate) fn finish(self, image: &Image) -> Vec<Exposure> {
        let contents: BTreeSet<ContentId> = self.found.iter().map(|found| found.content).collect();
        let mut visible: BTreeMap<ContentId, (&ImagePath, u32)> = BTreeMap::new();
        for (path, node) in &image.view.nodes {
            if let NodeKind::File { content, .. } = node.kind
                && contents.contains(&content)
            {
                visible.entry(content).or_insert((path, node.mode));
            }
        }
        let shown: BTreeSet<(&ImagePath, &str, u64)> = self
            .found
            .iter()
            .filter(|found| visible.contains_key(&found.content))
            .map(|found| (&found.path, found.secret.rule, found.secret.fingerprint))
            .collect();

        let mut exposures = Vec::new();
        for Found {
            content,
            path,
            secret,
        } in &self.found
        {
            let place = visible.get(content);
            // A later layer that only changes mode or owner repeats the file: told once.
            if place.is_none() && shown.contains(&(path, secret.rule, secret.fingerprint)) {
                continue;
            }
            let layer = usize::try_from(content.0)
                .ok()
                .and_then(|index| image.content_layers.get(index));
            let mut exposure = Exposure {
                rule: secret.rule.to_owned(),
                kind: secret.kind,
                severity: secret.severity,
                location: Location {
                    path: place.map_or(path, |(path, _)| *path).to_string(),
                    layer: layer.and_then(|layer| diff_id(image, *layer)),
                },
                line: Some(secret.line),
                evidence: secret.evidence.clone(),
                in_lower_layer: place.is_none(),
            };
            if let Some((_, mode)) = place.filter(|(_, mode)| mode & 0o004 != 0)
                && secret.kind == ExposureKind::PrivateKey
            {
                exposure.severity = match secret.severity {
                    Level::Low => Level::Medium,
                    _ => Level::Critical,
                };
                exposure
                    .evidence
                    .push_str(&format!(", readable by all (mode {mode:04o})"));
            }
            exposures.push(exposure);
        }
        modes::look(&image.view, |layer| diff_id(image, layer), &mut exposures);
        let passwd = image.view.nodes.get(&ImagePath::new(b"etc/passwd"));
        let roots = passwd.and_then(|node| match node.kind {
            NodeKind::File { content, .. } => self.roots.get(&content),
            _ => None,
        });
        if let Some(config) = &image.config {
            config::look(
                config,
                &self.rules,
                roots.unwrap_or(&BTreeSet::new()),
                &mut exposures,
            );
        }
        exposures.sort();
        exposures.dedup();
        exposures
    }
}

fn diff_id(image: &Image, layer: usize) -> Option<String> {
    let diff_id = &image.layers.get(layer)?.diff_id;
    (!diff_id.is_empty()).then(|| diff_id.clone())
}

/// Names of users with the number 0: `root`, and whoever else.
fn root_users(passwd: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(passwd);
    let users = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u64 = fields.nth(1)?.parse().ok()?;
        (number == 0).then(|| name.to_owned())
    });
    users.collect()
}

/// Whether a file stands in a tree of documentation, or among the tests and examples of a package from a
/// distribution or a registry. What looks like a secret there is known to everybody who has the package.
fn is_published(path: &[u8]) -> bool {
    const DOCUMENTATION: &[&str] = &[
        "usr/share/doc/",
        "usr/share/man/",
        "usr/share/info/",
        "usr/share/help/",
        "usr/share/locale/",
        "usr/share/gtk-doc/",
        "usr/share/licenses/",
        "usr/local/share/doc/",
        "usr/local/share/man/",
    ];
    const TESTS: &[&str] = &[
        "test",
        "tests",
        "testing",
        "testdata",
        "test-data",
        "__tests__",
        "fixtures",
        "spec",
        "example",
        "examples",
        "docs",
        "doc",
    ];
    if DOCUMENTATION.iter().any(|tree| path.starts_with(tree.as_bytes())) {
        return true;
    }
    let about = |part: &[u8]| {
        TESTS.iter().any(|test| part == test.as_bytes())
            || part.starts_with(b"README")
            || matches!(part, b"METADATA" | b"PKG-INFO")
    };
    (is_shipped(path) || in_packages(path)) && parts(path).any(about)
}

/// Whether a file stands where a distribution puts its own.
fn is_shipped(path: &[u8]) -> bool {
    path.starts_with(b"usr/") && !path.starts_with(b"usr/local/") && !path.starts_with(b"usr/src/")
}

/// Whether a file came with a package from a registry or with a language's standard library.
fn in_packages(path: &[u8]) -> bool {
    const TREES: &[&str] = &[
        "node_modules",
        "site-packages",
        "dist-packages",
        "gems",
        ".cargo",
        "vendor",
        "go",
    ];
    parts(path).any(|part| {
        TREES.iter().any(|tree| part == tree.as_bytes())
            || part
                .strip_prefix(b"python")
                .is_some_and(|rest| rest.starts_with(b"2.") || rest.starts_with(b"3"))
    })
}

fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/')
}

/// A file that holds settings, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settings {
    Assignments,
    Netrc,
}

impl Settings {
    fn of(path: &[u8]) -> Option<Self> {
        const EXTENSIONS: &[&str] = &[
            ".env",
            ".properties",
            ".ini",
            ".cfg",
            ".conf",
            ".cnf",
            ".yaml",
            ".yml",
            ".toml",
            ".json",
            ".tfvars",
        ];
        const NAMES: &[&str] = &["credentials", ".npmrc", ".pypirc", ".s3cfg", ".boto"];
        const TRANSLATIONS: &[&str] = &["locale", "locales", "i18n", "l10n", "lang", "translations"];
        // What a distribution or a registry ships holds defaults that everybody knows.
        let translated = parts(path).any(|part| TRANSLATIONS.iter().any(|name| part == name.as_bytes()));
        if is_shipped(path) || translated || in_packages(path) {
            return None;
        }
        let name = parts(path).last()?;
        if matches!(name, b".netrc" | b"_netrc") {
            return Some(Self::Netrc);
        }
        let fits = name.starts_with(b".env")
            || EXTENSIONS
                .iter()
                .any(|extension| name.ends_with(extension.as_bytes()))
            || NAMES.iter().any(|known| name == known.as_bytes());
        fits.then_some(Self::Assignments)
    }
}

/// `password VALUE` of a `.netrc`, on one line with its machine or on its own.
fn netrc(text: &str) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        let mut words = line.split_whitespace();
        if words.any(|word| word == "password")
            && let Some(value) = words.next()
        {
            secrets.push(super::secrets::named("password", value, number));
        }
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{ImageConfig, ImageKind, Layer, Node, View};

    /// Sees each file in a layer of its own, lowest first; the last of a path is visible unless it is empty.
    fn detect(files: &[(&str, u32, &str)], config: Option<ImageConfig>) -> Vec<Exposure> {
        let mut detector = Detector::new();
        let mut view = View::default();
        for (layer, (path, mode, text)) in files.iter().enumerate() {
            let header = FileHeader {
                path: ImagePath::new(path.as_bytes()),
                mode: *mode,
                uid: 0,
                gid: 0,
                size: text.len() as u64,
                content: ContentId(layer as u32),
            };
            if detector.wants(&header, &text.as_bytes()[..text.len().min(512)]) {
                detector.inspect(&header, text.as_bytes());
            }
            let kind = NodeKind::File {
                content: header.content,
                size: header.size,
            };
            let node = Node {
                kind,
                mode: *mode,
                uid: 0,
                gid: 0,
                layer,
            };
            view.nodes.insert(header.path, node);
        }
        let layer = |number: usize| Layer {
            digest: String::new(),
            diff_id: format!("sha256:{number}"),
            created_by: None,
        };
        let image = Image {
            kind: ImageKind::OciLayout,
            name: None,
            digest: String::new(),
            platform: None,
            config,
            layers: (0..files.len()).map(layer).collect(),
            view,
            content_layers: (0..files.len()).collect(),
            notes: Vec::new(),
        };
        detector.finish(&image)
    }

    fn show(exposures: &[Exposure]) -> Vec<String> {
        let show = |e: &Exposure| {
            let line = e.line.map_or(String::new(), |line| format!(":{line}"));
            let lower = if e.in_lower_layer { " in a lower layer" } else { "" };
            let layer = e.location.layer.as_deref().unwrap_or("-");
            format!(
                "{} {:?} {}{line} {layer} {}{lower}",
                e.rule, e.severity, e.location.path, e.evidence
            )
        };
        exposures.iter().map(show).collect()
    }

    /// Letters that look random, as the same for every run; put together here so that no source holds them.
    fn random(length: usize) -> String {
        let mut state = 0x2545_f491u32;
        let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";
        let letter = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(letters[(state >> 16) as usize % letters.len()])
        };
        (0..length).map(letter).collect()
    }

    fn pem(label: &str, head: &str) -> String {
        let dashes = "-".repeat(5);
        format!(
            "{dashes}BEGIN {label}{dashes}\n{head}{}\n{}\n{dashes}END {label}{dashes}\n",
            random(64),
            random(40)
        )
    }

    #[test]
    fn private_keys() {
        let key = pem("RSA PRIVATE KEY", "");
        let encrypted = pem(
            "RSA PRIVATE KEY",
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
        );
        let openssh_clear = pem(
            "OPENSSH PRIVATE KEY",
            concat!("b3BlbnNzaC1rZXktdjEAAAAA", "BG5vbmU"),
        );
        let found = detect(
            &[
                ("etc/ssl/a.pem", 0o600, &key),
                ("etc/ssl/b.pem", 0o644, &key),
                ("etc/ssl/c.pem", 0o600, &encrypted),
                ("etc/ssl/d.pem", 0o600, &pem("ENCRYPTED PRIVATE KEY", "")),
                ("home/u/.ssh/clear", 0o600, &openssh_clear),
                (
                    "home/u/.ssh/locked",
                    0o600,
                    &pem("OPENSSH PRIVATE KEY", "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI"),
                ),
                (
                    "srv/account.json",
                    0o600,
                    &format!("{{\n \"private_key\": \"{}\"}}", key.replace('\n', "\\n")),
                ),
                ("srv/cert.pem", 0o644, &pem("CERTIFICATE", "")),
                ("srv/key.pub.pem", 0o644, &pem("PUBLIC KEY", "")),
                (
                    "srv/code.py",
                    0o644,
                    &format!(
                        "if text.startswith('{}BEGIN PRIVATE KEY{}'):\n    load(text)",
                        "-----", "-----"
                    ),
                ),
            ],
            None,
        );
        assert_eq!(
            show(&found),
            [
                "secret.encrypted-private-key Low /etc/ssl/c.pem:1 sha256:2 RSA PRIVATE KEY, 187 characters",
                "secret.encrypted-private-key Low /etc/ssl/d.pem:1 sha256:3 ENCRYPTED PRIVATE KEY, 144 characters",
                "secret.encrypted-private-key Low /home/u/.ssh/locked:1 sha256:5 OPENSSH PRIVATE KEY, 181 characters",
                "secret.private-key High /etc/ssl/a.pem:1 sha256:0 RSA PRIVATE KEY, 138 characters",
                "secret.private-key High /home/u/.ssh/clear:1 sha256:4 OPENSSH PRIVATE KEY, 173 characters",
                "secret.private-key High /srv/account.json:2 sha256:6 RSA PRIVATE KEY, 141 characters",
                "secret.private-key Critical /etc/ssl/b.pem:1 sha256:1 RSA PRIVATE KEY, 138 characters, readable by all (mode 0644)",
            ]
        );
    }

    #[test]
    fn credentials_of_known_kinds() {
        let r = random;
        let hex = |length: usize| {
            r(length * 4)
                .bytes()
                .map(|b| char::from(b"0123456789abcdef"[usize::from(b) % 16]))
                .take(length)
                .collect::<String>()
        };
        let capital = |length| r(length).to_uppercase();
        let base64 = |text: &str| -> String {
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let bits: Vec<u8> = text
                .bytes()
                .flat_map(|b| (0..8).rev().map(move |n| b >> n & 1))
                .collect();
            bits.chunks(6)
                .map(|six| {
                    let value = six.iter().fold(0, |v, b| v << 1 | b) << (6 - six.len());
                    char::from(letters[usize::from(value)])
                })
                .collect()
        };
        for (rule, text) in [
            ("secret.aws-access-key", format!("id = {}{}", "AKIA", capital(16))),
            (
                "secret.aws-secret-key",
                format!("aws_secret_access_key = {}", r(40)),
            ),
            (
                "secret.azure-storage-key",
                format!("AccountName=x;AccountKey={}==;", r(86)),
            ),
            ("secret.google-api-key", format!("key: '{}{}'", "AIza", r(35))),
            ("secret.google-oauth-secret", format!("{}{}", "GOCSPX-", r(28))),
            ("secret.digitalocean-token", format!("{}{}", "dop_v1_", hex(64))),
            ("secret.databricks-token", format!("{}{}", "dapi", hex(32))),
            ("secret.vault-token", format!("{}{}", "hvs.", r(95))),
            ("secret.github-token", format!("{}{}", "ghp_", r(36))),
            ("secret.github-token", format!("{}{}", "github_pat_", r(82))),
            ("secret.gitlab-token", format!("{}{}", "glpat-", r(20))),
            ("secret.npm-token", format!("{}{}", "npm_", r(36))),
            ("secret.npm-token", format!("//npm.example/:_authToken={}", r(36))),
            ("secret.pypi-token", format!("{}{}", "pypi-AgEI", r(120))),
            ("secret.rubygems-token", format!("{}{}", "rubygems_", hex(48))),
            (
                "secret.docker-auth",
                format!("{{\"auth\": \"{}\"}}", base64("user:hunter2-x")),
            ),
            ("secret.slack-token", format!("{}123456789012-{}", "xoxb-", r(24))),
            (
                "secret.slack-webhook",
                format!(
                    "https://hooks.slack.com/services/T{}/B{}/{}",
                    capital(8),
                    capital(8),
                    r(24)
                ),
            ),
            ("secret.stripe-key", format!("{}{}", "sk_live_", r(24))),
            ("secret.sendgrid-key", format!("{}{}.{}", "SG.", r(22), r(43))),
            ("secret.shopify-token", format!("{}{}", "shpat_", hex(32))),
            (
                "secret.openai-key",
                format!("{}{}{}{}", "sk-", r(20), "T3BlbkFJ", r(20)),
            ),
            ("secret.anthropic-key", format!("{}{}", "sk-ant-", r(100))),
            ("secret.huggingface-token", format!("{}{}", "hf_", r(34))),
            (
                "secret.url-password",
                "db: postgres://app:hunter2-x@db.example:5432/app".to_owned(),
            ),
            (
                "secret.jwt",
                format!("{}{}.{}{}.{}", "eyJhbGciOi", r(20), "eyJ", r(40), r(43)),
            ),
            ("secret.age-key", format!("{}{}", "AGE-SECRET-KEY-1", capital(58))),
            (
                "secret.private-key",
                format!("client-key-data: {}", base64(&pem("EC PRIVATE KEY", ""))),
            ),
        ] {
            let text = format!("first line\n{text}\n");
            let found = detect(&[("srv/app/notes.txt", 0o600, &text)], None);
            let rules: Vec<&str> = found.iter().map(|e| e.rule.as_str()).collect();
            assert_eq!(rules, [rule], "{text}");
            assert_eq!(found[0].line, Some(2));
            let secret = text.split(['=', ' ', '\'', '"']).next_back().unwrap().trim();
            assert!(
                secret.len() < 20 || !found[0].evidence.contains(secret),
                "{}",
                found[0].evidence
            );
        }
    }

    #[test]
    fn what_is_no_credential() {
        for text in [
            format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE"),
            format!("{}{}", "ghp_", "x".repeat(36)),
            format!("{}{}", "ghp_", random(20)),
            format!("word{}{}", "ghp_", random(36)),
            format!("{}{}", "npm_", random(60)),
            "postgres://user:password@localhost/db".to_owned(),
            "postgres://user:${PASSWORD}@db/app".to_owned(),
            "//npm.example/:_authToken=${NPM_TOKEN}".to_owned(),
            "\"auth\": \"basic\"".to_owned(),
        ] {
            assert_eq!(
                show(&detect(&[("srv/a.txt", 0o644, &text)], None)),
                [""; 0],
                "{text}"
            );
        }
    }

    #[test]
    fn settings_and_where_they_are_not_read() {
        let text = "DB_PASSWORD=hunter2-not-real\nAPI_TOKEN=0123456789abcdef0123456789abcdef\nMODE=x\n";
        let found = detect(&[("srv/app/.env", 0o644, text)], None);
        assert_eq!(
            show(&found),
            [
                "secret.named Medium /srv/app/.env:1 sha256:0 DB_PASSWORD=hunt… (16 characters)",
                "secret.named Medium /srv/app/.env:2 sha256:0 API_TOKEN=0123… (32 characters)",
            ]
        );
        let key = pem("PRIVATE KEY", "");
        for (path, text) in [
            ("srv/app/main.c", text),
            ("usr/lib/tool/default.conf", text),
            ("srv/app/node_modules/x/config.json", text),
            ("srv/app/locale/de.properties", text),
            ("usr/share/doc/tls/key.pem", &key),
            ("usr/lib/python3/dist-packages/tls/tests/key.pem", &key),
        ] {
            assert!(detect(&[(path, 0o600, text)], None).is_empty(), "{path}");
        }
        assert_eq!(
            detect(
                &[("usr/lib/python3/dist-packages/tls/key.pem", 0o600, &key)],
                None
            )
            .len(),
            1
        );
        assert_eq!(
            detect(
                &[(
                    "root/.netrc",
                    0o600,
                    "machine a.example login u password hunter2-x"
                )],
                None
            )
            .len(),
            1
        );
    }

    #[test]
    fn lower_layers() {
        let first = "TOKEN=a1b2c3d4e5f6g7\n";
        let second = "TOKEN=z9y8x7w6v5u4t3\n";
        let found = detect(
            &[
                ("a.env", 0o600, first),
                ("b.env", 0o600, first),
                ("a.env", 0o600, second),
                ("b.env", 0o640, first),
            ],
            None,
        );
        assert_eq!(
            show(&found),
            [
                "secret.named Medium /a.env:1 sha256:0 TOKEN=a1b… (14 characters) in a lower layer",
                "secret.named Medium /a.env:1 sha256:2 TOKEN=z9y… (14 characters)",
                "secret.named Medium /b.env:1 sha256:3 TOKEN=a1b… (14 characters)",
            ]
        );
    }

    #[test]
    fn modes_of_files() {
        let found = detect(
            &[
                ("usr/bin/passwd", 0o4755, "#!"),
                ("usr/local/bin/helper", 0o4755, "#!"),
                ("usr/bin/wall", 0o2755, "#!"),
                ("srv/locked", 0o2644, "no execution"),
                ("srv/not-executable", 0o4644, "x"),
                ("var/lib/app/world.txt", 0o666, "x"),
                ("usr/local/bin/run", 0o777, "#!"),
            ],
            None,
        );
        assert_eq!(
            show(&found),
            [
                "mode.setgid Low /usr/bin/wall sha256:2 mode 2755, group 0",
                "mode.setuid Low /usr/bin/passwd sha256:0 mode 4755, owner 0",
                "mode.setuid Medium /usr/local/bin/helper sha256:1 mode 4755, owner 0",
                "mode.world-writable-file Medium /var/lib/app/world.txt sha256:5 mode 0666",
                "mode.world-writable-file High /usr/local/bin/run sha256:6 mode 0777",
            ]
        );
    }

    #[test]
    fn the_configuration() {
        let text = |items: &[&str]| {
            items
                .iter()
                .map(|item| (*item).to_owned())
                .collect::<Vec<String>>()
        };
        let token = format!("{}{}", "ghp_", random(36));
        let aws = format!(
            "AWS_SECRET_ACCESS_KEY={}",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        );
        let config = ImageConfig {
            user: "app:app".to_owned(),
            env: text(&[
                "PATH=/bin",
                &aws,
                "DATABASE_PASSWORD=hunter2",
                "ALLOW_EMPTY_PASSWORD=yes",
                "KEY_FILE=/run/secrets/k",
            ]),
            cmd: text(&["serve", "--admin-password=hunter3"]),
            history: text(&[
                "/bin/sh -c #(nop)  ENV DATABASE_PASSWORD=hunter2",
                &format!("RUN git clone https://{token}@git.example/a"),
                "RUN /bin/sh -c TOKEN=$(cat /run/secrets/t) make",
                "ARG NPM_TOKEN=abc123def456",
            ]),
            ..ImageConfig::default()
        };
        let passwd = (
            "etc/passwd",
            0o644,
            "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\nadmin:x:0:0::/:/bin/sh\n",
        );
        let found = detect(&[passwd], Some(config));
        let places: Vec<String> = found
            .iter()
            .map(|e| format!("{} {} {}", e.rule, e.location.path, e.evidence))
            .collect();
        assert_eq!(
            places,
            [
                "secret.github-token config:history/1 ghp_… (40 characters)",
                "secret.named config:Cmd admin-password=h… (7 characters)",
                "secret.named config:Env/AWS_SECRET_ACCESS_KEY AWS_SECRET_ACCESS_KEY=wJal… (40 characters)",
                "secret.named config:Env/DATABASE_PASSWORD DATABASE_PASSWORD=h… (7 characters)",
                "secret.named config:history/3 NPM_TOKEN=abc… (12 characters)",
            ]
        );
        for (user, root) in [
            ("", true),
            ("root", true),
            ("0", true),
            ("0:0", true),
            ("root:app", true),
            ("admin", true),
            ("app", false),
            ("1000:0", false),
        ] {
            let config = ImageConfig {
                user: user.to_owned(),
                ..ImageConfig::default()
            };
            let found = detect(&[passwd], Some(config));
            assert_eq!(
                found.iter().any(|e| e.kind == ExposureKind::RootUser),
                root,
                "{user:?}"
            );
        }
        assert!(detect(&[passwd], None).is_empty(), "a folder has no user");
    }

    #[test]
    fn hostile_texts_end() {
        let detector = Detector::new();
        for keyword in crate::exposure::rules::RULES
            .iter()
            .flat_map(|rule| rule.keywords)
        {
            for tail in [
                "",
                "=",
                "://",
                ":@",
                "-----",
                "\"",
                "\\n",
                "\n",
                &random(5000),
                &"\u{fffd}".repeat(100),
            ] {
                detector.rules.credentials(format!("{keyword}{tail}").as_bytes());
                detector
                    .rules
                    .credentials(format!("{keyword}{tail}").repeat(200).as_bytes());
            }
        }
    }
}
