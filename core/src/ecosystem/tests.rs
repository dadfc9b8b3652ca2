use super::*;

#[track_caller]
fn of(text: &str) -> Ecosystem {
    Ecosystem::parse(text).unwrap()
}

#[test]
fn rows_are_sorted_and_unordered_ones_say_why() {
    assert!(ROWS.is_sorted_by_key(|row| row.name.to_ascii_lowercase()));
    for row in ROWS {
        assert_eq!(row.scheme.is_none(), !row.why.is_empty(), "{}", row.name);
        assert_eq!(of(row.name).to_string(), row.name);
    }
    assert_eq!(
        of("Pub").unordered_reason(),
        Some("Pub orders build metadata, SemVer does not")
    );
    assert_eq!(of("npm").unordered_reason(), None);
}

#[test]
fn names_with_what_stands_behind_them() {
    let cases = [
        ("npm", None, Some(Scheme::Semver), "npm"),
        ("Debian:12", Some("12"), Some(Scheme::Deb), "Debian:12"),
        (
            "Ubuntu:Pro:22.04:LTS",
            Some("Pro:22.04:LTS"),
            Some(Scheme::Deb),
            "Ubuntu:Pro:22.04:LTS",
        ),
        ("Alpine:v3.20", Some("v3.20"), Some(Scheme::Apk), "Alpine:v3.20"),
        (
            "Red Hat:enterprise_linux:8::appstream",
            Some("enterprise_linux:8::appstream"),
            Some(Scheme::Rpm),
            "Red Hat:enterprise_linux:8::appstream",
        ),
        (
            "Maven:https://repo.example/m2",
            Some("https://repo.example/m2"),
            Some(Scheme::Maven),
            "Maven:https://repo.example/m2",
        ),
        (
            "Packagist:https://packages.example/8",
            Some("https://packages.example/8"),
            Some(Scheme::Composer),
            "Packagist:https://packages.example/8",
        ),
        ("kubernetes", None, Some(Scheme::Semver), "Kubernetes"),
        (
            "Root:Ubuntu:22.04",
            Some("Ubuntu:22.04"),
            Some(Scheme::Deb),
            "Root:Ubuntu:22.04",
        ),
        ("Root:npm", Some("npm"), None, "Root:npm"),
        (
            "Root:Root:Debian:12",
            Some("Root:Debian:12"),
            None,
            "Root:Root:Debian:12",
        ),
        ("Echo", None, Some(Scheme::Deb), "Echo"),
        ("Echo:PyPi", Some("PyPI"), Some(Scheme::Pep440), "Echo:PyPI"),
        (
            "TuxCare:Alpine:v3.16",
            Some("Alpine:v3.16"),
            Some(Scheme::Apk),
            "TuxCare:Alpine:v3.16",
        ),
        (
            "Docker Hardened Images:Alpine:3.24",
            Some("Alpine:3.24"),
            Some(Scheme::Apk),
            "Docker Hardened Images:Alpine:3.24",
        ),
        ("FreeBSD:ports", Some("ports"), None, "FreeBSD:ports"),
    ];
    for (text, release, scheme, written) in cases {
        let ecosystem = of(text);
        assert_eq!(ecosystem.release(), release, "{text}");
        assert_eq!(ecosystem.scheme(), scheme, "{text}");
        assert_eq!(ecosystem.as_str(), written, "{text}");
        assert_eq!(
            ecosystem.scheme().is_none(),
            ecosystem.unordered_reason().is_some(),
            "{text}"
        );
    }
    assert_eq!(
        Ecosystem::parse("Fedora:40").unwrap_err().to_string(),
        r#"ecosystem "Fedora:40" is not supported"#
    );
    assert!(Ecosystem::parse("").is_err());
    assert_eq!(of(&"Root:".repeat(100_000)).scheme(), None);
    assert_eq!(of("Debian:").release(), None);
    assert_eq!(of("Alpine").release_use(), ReleaseUse::Required);
    assert_eq!(of("Docker Hardened Images").release_use(), ReleaseUse::Required);
    assert_eq!(of("Debian").release_use(), ReleaseUse::Optional);
    assert_eq!(of("AlmaLinux").release_use(), ReleaseUse::Optional);
    assert_eq!(of("Maven").release_use(), ReleaseUse::None);
}

#[test]
fn names_fold() {
    let cases = [
        ("PyPI", "Zope.._Interface", "zope-interface"),
        ("NuGet", "Newtonsoft.Json", "newtonsoft.json"),
        ("Packagist", "Laravel/Framework", "laravel/framework"),
        ("crates.io", "Serde_JSON", "serde-json"),
        ("Go", "github.com/BurntSushi/toml", "github.com/BurntSushi/toml"),
        ("Go", "github.com/hashicorp/vault/", "github.com/hashicorp/vault"),
        ("npm", "JSONStream", "JSONStream"),
        ("Maven", "Django:Django", "Django:Django"),
        (
            "SwiftURL",
            "https://github.com/Apple/Swift-NIO.git",
            "github.com/apple/swift-nio",
        ),
        (
            "SwiftURL",
            "github.com/sparkle-project/Sparkle",
            "github.com/sparkle-project/sparkle",
        ),
        ("GitHub Actions", "Actions/Checkout", "actions/checkout"),
        ("Echo:PyPi", "A_b", "a-b"),
        ("Debian:12", "libstdc++6", "libstdc++6"),
    ];
    for (ecosystem, name, folded) in cases {
        assert_eq!(of(ecosystem).fold(name), folded, "{ecosystem}");
    }
}

#[test]
fn purls_tell_ecosystem_and_name() {
    let cases = [
        ("pkg:npm/%40babel/core@7", "npm", "@babel/core"),
        ("pkg:npm/lodash", "npm", "lodash"),
        (
            "pkg:maven/org.apache.commons/commons-lang3@3?repository_url=https://mirror.example",
            "Maven",
            "org.apache.commons:commons-lang3",
        ),
        (
            "pkg:golang/github.com/BurntSushi/toml@v1.0.0#cmd",
            "Go",
            "github.com/BurntSushi/toml",
        ),
        ("pkg:golang/stdlib@1.22.0", "Go", "stdlib"),
        ("pkg:composer/laravel/framework", "Packagist", "laravel/framework"),
        ("pkg:cargo/serde", "crates.io", "serde"),
        ("pkg:gem/rails", "RubyGems", "rails"),
        ("pkg:nuget/Newtonsoft.Json", "NuGet", "Newtonsoft.Json"),
        (
            "pkg:swift/github.com/apple/swift-nio@2.0.0",
            "SwiftURL",
            "github.com/apple/swift-nio",
        ),
        (
            "pkg:github/actions/checkout@v4",
            "GitHub Actions",
            "actions/checkout",
        ),
        ("pkg:vscode-extension/redhat/java", "VSCode", "redhat.java"),
        ("pkg:cpan/GDT/URI-PackageURL", "CPAN", "URI-PackageURL"),
        ("pkg:conan/bincrafters/cctz?channel=stable", "ConanCenter", "cctz"),
        (
            "pkg:julia/HTTP?uuid=cd3eb016-35fb-5094-929b-558a96fad6f3",
            "Julia",
            "HTTP",
        ),
        ("pkg:hex/jason", "Hex", "jason"),
        ("pkg:brew/homebrew/core/sqlite", "Homebrew", "sqlite"),
        ("pkg:bitnami/wordpress?distro=debian-12", "Bitnami", "wordpress"),
        ("pkg:deb/debian/curl?distro=debian-12", "Debian:12", "curl"),
        ("pkg:deb/debian/curl?distro=debian-12.5", "Debian:12", "curl"),
        ("pkg:deb/debian/curl?distro=bookworm", "Debian:12", "curl"),
        ("pkg:deb/debian/curl?distro=debian-trixie", "Debian:13", "curl"),
        ("pkg:deb/debian/curl?distro=squeeze", "Debian:6.0", "curl"),
        ("pkg:deb/debian/curl?distro=sid", "Debian", "curl"),
        ("pkg:deb/debian/curl", "Debian", "curl"),
        (
            "pkg:deb/ubuntu/curl?distro=ubuntu-22.04",
            "Ubuntu:22.04:LTS",
            "curl",
        ),
        ("pkg:deb/ubuntu/curl?distro=mantic", "Ubuntu:23.10", "curl"),
        (
            "pkg:deb/ubuntu/curl?distro=esm-infra/xenial",
            "Ubuntu:Pro:16.04:LTS",
            "curl",
        ),
        (
            "pkg:deb/ubuntu/curl?distro=trusty/esm",
            "Ubuntu:Pro:14.04:LTS",
            "curl",
        ),
        (
            "pkg:deb/ubuntu/curl?distro=fips-updates/jammy",
            "Ubuntu:Pro:FIPS-updates:22.04:LTS",
            "curl",
        ),
        ("pkg:deb/ubuntu/curl?distro=no-such/jammy", "Ubuntu", "curl"),
        ("pkg:deb/echo/linux", "Echo", "linux"),
        (
            "pkg:deb/dhi/coreutils?os_distro=debian&os_name=dhi&os_version=13",
            "Docker Hardened Images:Debian:13",
            "coreutils",
        ),
        ("pkg:apk/alpine/curl?distro=3.20.1", "Alpine:v3.20", "curl"),
        ("pkg:apk/alpine/curl?distro=alpine-3.20", "Alpine:v3.20", "curl"),
        ("pkg:apk/alpine/curl?distro=alpine-v3.9", "Alpine:v3.9", "curl"),
        (
            "pkg:apk/alpine/curl?distro=alpine-3.21_alpha20240923",
            "Alpine:edge",
            "curl",
        ),
        ("pkg:apk/wolfi/curl?distro=wolfi-20230201", "Wolfi", "curl"),
        ("pkg:apk/chainguard/curl", "Chainguard", "curl"),
        (
            "pkg:apk/alpaquita/expat?arch=source&distro=stream",
            "Alpaquita:stream",
            "expat",
        ),
        (
            "pkg:rpm/almalinux/curl?distro=almalinux-9.4",
            "AlmaLinux:9",
            "curl",
        ),
        (
            "pkg:rpm/rocky-linux/ant?distro=rocky-linux-8-4-legacy",
            "Rocky Linux:8",
            "ant",
        ),
        ("pkg:rpm/rocky/ant?distro=rocky-9.3", "Rocky Linux:9", "ant"),
        (
            "pkg:rpm/redhat/curl?distro=rhel-9.4",
            "Red Hat:enterprise_linux:9",
            "curl",
        ),
        (
            "pkg:rpm/redhat/zlib@1.2.11-39.el9_4?arch=x86_64",
            "Red Hat:enterprise_linux:9",
            "zlib",
        ),
        (
            "pkg:rpm/almalinux/nodejs@20.1-1.module%2Bel8.9.0%2B1",
            "AlmaLinux:8",
            "nodejs",
        ),
        ("pkg:rpm/redhat/model@1.0-1", "Red Hat", "model"),
        ("pkg:rpm/vmware/linux@6.1-1.ph5", "Photon OS:5.0", "linux"),
        (
            "pkg:rpm/redhat/curl?distro=redhat-8.9",
            "Red Hat:enterprise_linux:8",
            "curl",
        ),
        (
            "pkg:rpm/centos/curl?distro=centos-7",
            "Red Hat:enterprise_linux:7",
            "curl",
        ),
        ("pkg:rpm/centos/curl?distro=centos-9", "Red Hat", "curl"),
        ("pkg:rpm/vmware/linux?distro=photon-4", "Photon OS:4.0", "linux"),
        (
            "pkg:rpm/azurelinux/vim?distro=azurelinux-3.0",
            "Azure Linux:3",
            "vim",
        ),
        (
            "pkg:rpm/opensuse/vim?distro=opensuse-leap-15.6",
            "openSUSE:Leap 15.6",
            "vim",
        ),
        (
            "pkg:rpm/opensuse/vim?distro=opensuse-tumbleweed-20240607",
            "openSUSE:Tumbleweed",
            "vim",
        ),
        (
            "pkg:rpm/suse/vim?distro=sles-15.5",
            "SUSE:Linux Enterprise Server 15 SP5",
            "vim",
        ),
        (
            "pkg:rpm/suse/libqt4?distro=SUSE%20Linux%20Enterprise%20Desktop%2012",
            "SUSE:Linux Enterprise Desktop 12",
            "libqt4",
        ),
        (
            "pkg:rpm/openEuler/dnsmasq?distro=openEuler-20.03-LTS-SP1",
            "openEuler:20.03-LTS-SP1",
            "dnsmasq",
        ),
        (
            "pkg:rpm/mageia/microcode?distro=mageia-9",
            "Mageia:9",
            "microcode",
        ),
    ];
    for (text, expected, name) in cases {
        let purl = Purl::parse(text).unwrap();
        let ecosystem = Ecosystem::of_purl(&purl).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(ecosystem.to_string(), expected, "{text}");
        assert_eq!(ecosystem.name_of_purl(&purl), name, "{text}");
    }
    for text in [
        "pkg:rpm/fedora/curl?distro=fedora-40",
        "pkg:deb/curl",
        "pkg:generic/openssl",
        "pkg:apk/openwrt/x",
    ] {
        assert_eq!(Ecosystem::of_purl(&Purl::parse(text).unwrap()), None, "{text}");
    }
}

#[test]
fn distributions_tell_ecosystem_and_qualifier() {
    let cases = [
        (
            "debian",
            "12",
            "bookworm",
            "Debian GNU/Linux 12 (bookworm)",
            Some("Debian:12"),
            Some("debian-12"),
        ),
        (
            "debian",
            "",
            "trixie",
            "Debian GNU/Linux trixie/sid",
            Some("Debian:13"),
            Some("debian-trixie"),
        ),
        ("debian", "", "", "Debian GNU/Linux", None, Some("debian")),
        (
            "ubuntu",
            "22.04",
            "jammy",
            "Ubuntu 22.04.4 LTS",
            Some("Ubuntu:22.04:LTS"),
            Some("ubuntu-22.04"),
        ),
        (
            "ubuntu",
            "23.10",
            "mantic",
            "Ubuntu 23.10",
            Some("Ubuntu:23.10"),
            Some("ubuntu-23.10"),
        ),
        (
            "alpine",
            "3.20.1",
            "",
            "Alpine Linux v3.20",
            Some("Alpine:v3.20"),
            Some("alpine-3.20.1"),
        ),
        (
            "alpine",
            "3.21_alpha20240923",
            "",
            "Alpine Linux edge",
            Some("Alpine:edge"),
            Some("alpine-3.21_alpha20240923"),
        ),
        (
            "wolfi",
            "20230201",
            "",
            "Wolfi",
            Some("Wolfi"),
            Some("wolfi-20230201"),
        ),
        (
            "chainguard",
            "20230214",
            "",
            "Chainguard",
            Some("Chainguard"),
            Some("chainguard-20230214"),
        ),
        (
            "almalinux",
            "9.4",
            "",
            "AlmaLinux 9.4",
            Some("AlmaLinux:9"),
            Some("almalinux-9.4"),
        ),
        (
            "rocky",
            "9.3",
            "",
            "Rocky Linux 9.3",
            Some("Rocky Linux:9"),
            Some("rocky-9.3"),
        ),
        (
            "rhel",
            "9.4",
            "",
            "Red Hat Enterprise Linux 9.4",
            Some("Red Hat:enterprise_linux:9"),
            Some("rhel-9.4"),
        ),
        (
            "centos",
            "8",
            "",
            "CentOS Linux 8",
            Some("Red Hat:enterprise_linux:8"),
            Some("centos-8"),
        ),
        ("centos", "8", "", "CentOS Stream 8", None, Some("centos-8")),
        (
            "azurelinux",
            "3.0",
            "",
            "Microsoft Azure Linux 3.0",
            Some("Azure Linux:3"),
            Some("azurelinux-3.0"),
        ),
        (
            "mariner",
            "2.0",
            "",
            "CBL-Mariner/Linux",
            Some("Azure Linux:2"),
            Some("mariner-2.0"),
        ),
        (
            "photon",
            "5.0",
            "",
            "VMware Photon OS/Linux",
            Some("Photon OS:5.0"),
            Some("photon-5.0"),
        ),
        (
            "opensuse-leap",
            "15.6",
            "",
            "openSUSE Leap 15.6",
            Some("openSUSE:Leap 15.6"),
            Some("opensuse-leap-15.6"),
        ),
        (
            "opensuse-tumbleweed",
            "20240607",
            "",
            "openSUSE Tumbleweed",
            Some("openSUSE:Tumbleweed"),
            Some("opensuse-tumbleweed-20240607"),
        ),
        (
            "sles",
            "15.5",
            "",
            "SUSE Linux Enterprise Server 15 SP5",
            Some("SUSE:Linux Enterprise Server 15 SP5"),
            Some("sles-15.5"),
        ),
        (
            "sles",
            "12",
            "",
            "",
            Some("SUSE:Linux Enterprise Server 12"),
            Some("sles-12"),
        ),
        (
            "openEuler",
            "22.03",
            "",
            "openEuler 22.03 (LTS-SP3)",
            Some("openEuler:22.03-LTS-SP3"),
            Some("openEuler-22.03-LTS-SP3"),
        ),
        ("mageia", "9", "", "Mageia 9", Some("Mageia:9"), Some("mageia-9")),
        ("fedora", "40", "", "Fedora Linux 40", None, Some("fedora-40")),
        ("", "", "", "", None, None),
    ];
    for (id, version_id, codename, pretty_name, ecosystem, qualifier) in cases {
        let distribution = Distribution {
            id: id.to_owned(),
            version_id: version_id.to_owned(),
            codename: codename.to_owned(),
            pretty_name: pretty_name.to_owned(),
            ..Distribution::default()
        };
        let answer = Ecosystem::of_distribution(&distribution);
        assert_eq!(
            answer.as_ref().map(ToString::to_string).as_deref(),
            ecosystem,
            "{id} {version_id}"
        );
        let text = distro_qualifier(&distribution);
        assert_eq!(text.as_deref(), qualifier, "{id} {version_id}");
        // What a distribution's purls say is what the distribution says.
        if let (Some(answer), Some(text)) = (&answer, &text) {
            let (kind, namespace) = answer.row.purls[0];
            let purl = Purl::builder(kind, "x")
                .namespace(namespace)
                .qualifier("distro", text)
                .build()
                .unwrap();
            assert_eq!(Ecosystem::of_purl(&purl).unwrap(), *answer);
        }
    }
}

#[test]
#[allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test reads its data"
)]
fn every_published_ecosystem_is_known() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/advisories/osv");
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("skipped: shared data is not here");
        return;
    };
    for entry in entries {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != "[EMPTY]" {
            assert!(Ecosystem::parse(&name).is_ok(), "{name}");
        }
    }
}
