use super::*;
use crate::Purl;
use crate::exposure::{Exposure, ExposureKind};
use crate::finding::{Evidence, Suppression};
use crate::image::{ContentId, ImageConfig, ImageKind, Layer, Node, Note};
use crate::inventory::Location;
use crate::score::Severity;

fn path(text: &str) -> ImagePath {
    ImagePath::new(text.as_bytes())
}

fn view(files: &[(&str, u32)], links: &[(&str, &str)]) -> View {
    let node = |kind, mode| Node {
        kind,
        mode,
        uid: 0,
        gid: 0,
        layer: 0,
    };
    let files = files.iter().map(|(name, mode)| {
        let kind = NodeKind::File {
            content: ContentId(0),
            size: 1,
        };
        (path(name), node(kind, *mode))
    });
    let links = links.iter().map(|(name, target)| {
        (
            path(name),
            node(NodeKind::Symlink(target.as_bytes().to_vec()), 0o777),
        )
    });
    View {
        nodes: files.chain(links).collect(),
    }
}

fn image(view: View, config: ImageConfig) -> Image {
    Image {
        kind: ImageKind::OciLayout,
        name: None,
        digest: String::new(),
        platform: None,
        config: Some(config),
        layers: Vec::<Layer>::new(),
        view,
        content_layers: Vec::new(),
        notes: Vec::new(),
    }
}

fn starts(words: &[&str]) -> ImageConfig {
    ImageConfig {
        user: "app".to_owned(),
        cmd: words.iter().map(|word| (*word).to_owned()).collect(),
        ..ImageConfig::default()
    }
}

fn package(purl: &str, evidence: &str, files: &[&str]) -> Package {
    let purl = Purl::parse(purl).unwrap();
    Package {
        name: purl.name().into_owned(),
        version: purl.version().unwrap_or_default().into_owned(),
        ecosystem: String::new(),
        purl: Some(purl),
        source: None,
        arch: None,
        locations: vec![Location {
            path: evidence.to_owned(),
            layer: None,
        }],
        scope: None,
        found_by: "test",
        files: files.iter().map(|file| path(file)).collect(),
        owner: None,
    }
}

fn finding(id: &str, package: usize, score: Option<f64>) -> Finding {
    Finding {
        id: id.to_owned(),
        aliases: Vec::new(),
        upstream: Vec::new(),
        ratings: Vec::new(),
        package,
        verdict: Verdict::Affected,
        kind: FindingKind::Vulnerability,
        reason: None,
        summary: None,
        severity: Severity {
            level: score.map_or(Level::Unknown, Level::of_cvss),
            score,
            vector: None,
            source: String::new(),
        },
        fixed_versions: Vec::new(),
        status: None,
        suppressed: None,
        evidence: Evidence {
            records: Vec::new(),
            notes: Vec::new(),
        },
    }
}

fn exposure(kind: ExposureKind, place: &str) -> Exposure {
    Exposure {
        rule: "rule".to_owned(),
        kind,
        severity: Level::High,
        location: Location {
            path: place.to_owned(),
            layer: Some("sha256:ab".to_owned()),
        },
        line: None,
        evidence: String::new(),
        in_lower_layer: false,
    }
}

fn inventory(packages: Vec<Package>) -> Inventory {
    Inventory {
        packages,
        ..Inventory::default()
    }
}

#[track_caller]
fn components(
    image: &Image,
    inventory: &Inventory,
    findings: &[Finding],
    exposures: &[Exposure],
) -> Vec<Component> {
    Builder::new(image, inventory, &ScorePolicy::default()).build(findings, exposures)
}

#[track_caller]
fn summary(components: &[Component]) -> Vec<(String, Role, f64, Vec<String>)> {
    let files = |component: &Component| component.files.iter().map(|file| file.path.clone()).collect();
    let row = |component: &Component| {
        (
            component.name.clone(),
            component.role,
            component.importance,
            files(component),
        )
    };
    components.iter().map(row).collect()
}

#[test]
fn roles_follow_from_files_and_entry_point() {
    let files = [
        ("usr/lib/libssl.so.3", 0o644),
        ("usr/share/doc/libssl3/copyright", 0o644),
        ("usr/sbin/nginx", 0o755),
        ("usr/bin/dash", 0o755),
        ("usr/bin/curl", 0o755),
        ("usr/share/zoneinfo/UTC", 0o644),
        ("etc/shadow", 0o640),
        ("srv/data.bin", 0o644),
        ("usr/share/man/man1/x.1", 0o644),
    ];
    let image = image(
        view(&files, &[("bin", "usr/bin"), ("usr/bin/sh", "dash")]),
        starts(&["/bin/sh", "-c", "exec nginx -g x"]),
    );
    let status = "var/lib/dpkg/status";
    let inventory = inventory(vec![
        package(
            "pkg:deb/debian/libssl3@3",
            status,
            &["usr/lib/libssl.so.3", "usr/share/doc/libssl3/copyright"],
        ),
        package("pkg:deb/debian/nginx@1", status, &["usr/sbin/nginx"]),
        package("pkg:deb/debian/dash@1", status, &["bin/dash"]),
        package("pkg:deb/debian/curl@1", status, &["usr/bin/curl", "usr/bin/gone"]),
        package("pkg:deb/debian/tzdata@1", status, &["usr/share/zoneinfo/UTC"]),
        package("pkg:deb/debian/bare@1", status, &[]),
    ]);
    let answer = summary(&components(&image, &inventory, &[], &[]));
    let row = |name: &str, role, importance, files: &[&str]| {
        (
            name.to_owned(),
            role,
            importance,
            files.iter().map(|file| (*file).to_owned()).collect(),
        )
    };
    assert_eq!(
        answer,
        [
            row(
                "pkg:deb/debian/libssl3",
                Role::Linked,
                4.0,
                &["/usr/lib/libssl.so.3", "/usr/share/doc/libssl3/copyright"]
            ),
            row(
                "pkg:deb/debian/nginx",
                Role::EntryPoint,
                6.0,
                &["/usr/sbin/nginx"]
            ),
            row("pkg:deb/debian/dash", Role::Linked, 4.0, &["/usr/bin/dash"]),
            row("pkg:deb/debian/curl", Role::Executable, 3.0, &["/usr/bin/curl"]),
            row(
                "pkg:deb/debian/tzdata",
                Role::Package,
                2.0,
                &["/usr/share/zoneinfo/UTC"]
            ),
            row(
                "pkg:deb/debian/bare",
                Role::Package,
                2.0,
                &["var/lib/dpkg/status"]
            ),
            row("/etc/shadow", Role::Security, 3.0, &["/etc/shadow"]),
            row("data", Role::Data, 1.0, &["/srv/data.bin"]),
            row(
                "documentation",
                Role::Documentation,
                0.5,
                &["/usr/share/man/man1/x.1"]
            ),
        ]
    );
}

#[test]
fn the_application_is_the_folder_of_what_starts() {
    let files = [
        ("app/server.js", 0o644),
        ("app/lib/a.js", 0o644),
        ("app/logo.png", 0o644),
        ("usr/bin/node", 0o755),
    ];
    let mut config = starts(&["node", "server.js"]);
    config.working_dir = "/app".to_owned();
    config.user = "0:0".to_owned();
    let image = image(view(&files, &[]), config);
    let components = components(&image, &Inventory::default(), &[], &[]);
    let application = components
        .iter()
        .find(|component| component.name == "application")
        .unwrap();
    assert_eq!(
        (application.role, application.importance, application.files.len()),
        (Role::EntryPoint, 9.0, 3)
    );
    assert_eq!(application.files.iter().filter(|file| file.is_code).count(), 2);
}

#[test]
fn findings_fall_on_code_then_evidence_then_the_component() {
    let files = [("usr/bin/tool", 0o755), ("usr/share/tool.dat", 0o644)];
    let image = image(view(&files, &[]), starts(&[]));
    let mut nowhere = package("pkg:npm/nowhere@1", "", &[]);
    nowhere.locations.clear();
    let inventory = inventory(vec![
        package(
            "pkg:deb/debian/tool@1",
            "var/lib/dpkg/status",
            &["usr/bin/tool", "usr/share/tool.dat"],
        ),
        package("pkg:npm/left-pad@1", "srv/package-lock.json", &[]),
        nowhere,
    ]);
    let findings = [
        finding("A", 0, Some(9.8)),
        finding("B", 1, Some(7.5)),
        finding("C", 2, None),
        finding("D", 9, None),
    ];
    let score = image_score(&image, &inventory, &findings, &[], &ScorePolicy::default()).unwrap();
    let mut terms: Vec<_> = score
        .terms
        .iter()
        .map(|term| (term.path.as_str(), term.charges.len()))
        .collect();
    terms.sort_unstable();
    assert_eq!(
        terms,
        [
            ("/usr/bin/tool", 1),
            ("component:pkg:npm/nowhere", 1),
            ("package of no inventory", 1),
            ("srv/package-lock.json", 1),
        ]
    );
    let tool = score
        .terms
        .iter()
        .find(|term| term.path == "/usr/bin/tool")
        .unwrap();
    assert_eq!((tool.charges[0].x, tool.charges[0].v), (0.8, 1.0));
    assert!((tool.charges[0].r - 0.951 * 0.8).abs() < 1e-3);
    assert!(score.low.unwrap() < score.value.unwrap() && score.value.unwrap() < score.high.unwrap());
}

#[test]
fn what_is_set_aside_or_undecided_is_listed_and_counts_nothing() {
    let image = image(view(&[("usr/bin/tool", 0o755)], &[]), starts(&[]));
    let inventory = inventory(vec![package("pkg:deb/debian/tool@1", "", &["usr/bin/tool"])]);
    let mut closed = finding("A", 0, Some(9.8));
    closed.suppressed = Some(Suppression {
        by: "ownership".to_owned(),
        reason: "of dpkg".to_owned(),
    });
    let mut open = finding("B", 0, Some(9.8));
    open.verdict = Verdict::Unknown;
    open.reason = Some("version \"?\"".to_owned());
    let score = image_score(&image, &inventory, &[closed, open], &[], &ScorePolicy::default()).unwrap();
    assert_eq!((score.value, score.high), (Some(1.0), Some(1.0)));
    assert!(score.low.unwrap() < 0.3);
    assert_eq!(score.set_aside[0].reason.as_deref(), Some("ownership: of dpkg"));
    assert_eq!(
        (
            score.undecided[0].id.as_str(),
            score.undecided[0].reason.as_deref()
        ),
        ("B", Some("version \"?\""))
    );

    let mut malicious = finding("MAL-1", 0, None);
    malicious.kind = FindingKind::Malicious;
    let score = image_score(&image, &inventory, &[malicious], &[], &ScorePolicy::default()).unwrap();
    assert!((score.value.unwrap() - 0.01).abs() < 1e-12);
}

#[test]
fn exposures_are_charged_to_their_own_file() {
    let files = [
        ("usr/bin/su", 0o4755),
        ("etc/app.conf", 0o644),
        ("srv/plain.txt", 0o644),
    ];
    let image = image(view(&files, &[]), starts(&[]));
    let inventory = inventory(vec![package(
        "pkg:deb/debian/login@1",
        "",
        &["usr/bin/su", "etc/app.conf"],
    )]);
    let mut hidden = exposure(ExposureKind::PrivateKey, "/root/.ssh/id_rsa");
    hidden.in_lower_layer = true;
    let mut secret = exposure(ExposureKind::Secret, "/srv/plain.txt");
    secret.line = Some(7);
    let exposures = [
        exposure(ExposureKind::Setuid, "/usr/bin/su"),
        exposure(ExposureKind::Credential, "etc/app.conf"),
        exposure(ExposureKind::Secret, "config:Env/TOKEN"),
        exposure(ExposureKind::RootUser, "config:User"),
        secret,
        hidden,
    ];
    let score = image_score(&image, &inventory, &[], &exposures, &ScorePolicy::default()).unwrap();
    let mut terms: Vec<_> = score
        .terms
        .iter()
        .map(|term| {
            (
                term.path.as_str(),
                term.role.unwrap(),
                format!("{:.2}", term.s),
                term.charges[0].id.as_str(),
            )
        })
        .collect();
    terms.sort_unstable();
    let expected = [
        ("/etc/app.conf", Role::Data, "0.20", "rule"),
        ("/srv/plain.txt", Role::Security, "0.60", "rule:7"),
        ("/usr/bin/su", Role::Executable, "0.70", "rule"),
        ("config:Env/TOKEN", Role::Security, "0.60", "rule"),
        (
            "layer:sha256:ab:/root/.ssh/id_rsa",
            Role::Security,
            "0.20",
            "rule",
        ),
    ];
    assert_eq!(
        terms,
        expected.map(|(path, role, s, id)| (path, role, s.to_owned(), id))
    );
}

#[test]
fn owned_language_packages_are_part_of_their_owner() {
    let image = image(view(&[("usr/lib/python3/x.py", 0o644)], &[]), starts(&[]));
    let mut inner = package(
        "pkg:pypi/x@1",
        "usr/lib/python3/x.egg-info",
        &["usr/lib/python3/x.py"],
    );
    inner.owner = Some(0);
    let inventory = inventory(vec![
        package("pkg:deb/debian/python3-x@1", "", &["usr/lib/python3/x.py"]),
        inner,
    ]);
    let components = components(&image, &inventory, &[finding("A", 1, Some(5.0))], &[]);
    assert_eq!(components.len(), 1);
    assert_eq!((components[0].files.len(), components[0].charges.len()), (1, 1));
}

#[test]
fn what_could_not_be_examined() {
    let mut image = image(
        view(&[("srv/big.zip", 0o644), ("usr/bin/tool", 0o755)], &[]),
        starts(&[]),
    );
    let note = |place: &str| Note {
        place: place.to_owned(),
        reason: "too large".to_owned(),
    };
    image.notes = vec![note("/srv/big.zip (sha256:ab)"), note("elsewhere")];
    let score = image_score(&image, &Inventory::default(), &[], &[], &ScorePolicy::default()).unwrap();
    assert_eq!(score.unexamined, ["/srv/big.zip"]);
    assert_eq!(score.coverage, Some(0.75));
    assert_eq!(score.terms[0].charges[0].id, "unexamined");

    let mut broken = Inventory::default();
    broken.notes.push(note("/var/lib/dpkg/status"));
    let none = image_score(&image, &broken, &[], &[], &ScorePolicy::default()).unwrap();
    assert_eq!(
        none.undefined.as_deref(),
        Some("the package database could not be read: /var/lib/dpkg/status: too large")
    );
    let scratch = Image {
        view: View::default(),
        notes: Vec::new(),
        ..image
    };
    let none = image_score(&scratch, &Inventory::default(), &[], &[], &ScorePolicy::default()).unwrap();
    assert_eq!(none.undefined.as_deref(), Some("no files"));
}

#[test]
fn links_that_go_round_end() {
    let view = view(
        &[("a/f", 0o644)],
        &[
            ("l", "a"),
            ("m", "/l/"),
            ("x", "y"),
            ("y", "x"),
            ("up", "../../a"),
            ("grow", "grow/grow"),
        ],
    );
    let links = Links::new(&view);
    let to = |text: &str| links.follow(&path(text)).map(ToString::to_string);
    assert_eq!(to("m/f").as_deref(), Some("/a/f"));
    assert_eq!(to("up/f").as_deref(), Some("/a/f"));
    assert_eq!(to("x/f"), None);
    assert_eq!(to("grow/f"), None);
    assert_eq!(to("none"), None);
}

#[test]
fn a_policy_overrides_single_components() {
    let image = image(
        view(&[("usr/bin/tool", 0o755), ("usr/bin/x", 0o755)], &[]),
        starts(&[]),
    );
    let inventory = inventory(vec![package("pkg:deb/debian/tool@1", "", &["usr/bin/tool"])]);
    let mut policy = ScorePolicy::default();
    policy.overrides.insert("pkg:deb/debian/tool".to_owned(), 0.0);
    policy.overrides.insert("/usr/bin/x".to_owned(), 7.0);
    let components = Builder::new(&image, &inventory, &policy).build(&[], &[]);
    let importance: Vec<_> = components.iter().map(|component| component.importance).collect();
    assert_eq!(importance, [0.0, 7.0]);
}
