//! Which release of a distribution: from `os-release` or the `distro` of a purl to OSV's spelling.

/// What is known of the release.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Hint<'a> {
    /// `ID` of `os-release`, such as `opensuse-leap`.
    pub id: &'a str,
    /// `VERSION_ID`, such as `22.04` or `3.20.1`.
    pub version: &'a str,
    /// `VERSION_CODENAME`, such as `bookworm`.
    pub codename: &'a str,
    /// `PRETTY_NAME`, such as `openSUSE Leap 15.6`.
    pub pretty: &'a str,
}

impl<'a> Hint<'a> {
    /// The first `count` numbers of the version.
    fn numbers(&self, count: usize) -> Option<&'a str> {
        let (mut seen, mut end) = (0, 0);
        for (at, c) in self.version.char_indices() {
            match c {
                '0'..='9' => end = at + 1,
                '.' if at == end && end > 0 => {
                    seen += 1;
                    if seen == count {
                        break;
                    }
                }
                _ => break,
            }
        }
        self.version.get(..end).filter(|numbers| !numbers.is_empty())
    }

    fn major(&self) -> Option<u32> {
        self.numbers(1)?.parse().ok()
    }
}

fn owned(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// `9` of `9.4`.
pub(super) fn major(hint: &Hint<'_>) -> Option<String> {
    hint.numbers(1).map(str::to_owned)
}

/// The version as it stands.
pub(super) fn as_written(hint: &Hint<'_>) -> Option<String> {
    owned(if hint.version.is_empty() {
        hint.codename
    } else {
        hint.version
    })
}

/// `v3.20` of `3.20.1`; development versions (`3.21_alpha20240923`) are `edge`.
pub(super) fn alpine(hint: &Hint<'_>) -> Option<String> {
    let version = hint.version.strip_prefix('v').unwrap_or(hint.version);
    if version == "edge" || hint.codename == "edge" || version.contains('_') {
        return Some("edge".to_owned());
    }
    let branch = Hint { version, ..*hint }.numbers(2)?;
    branch.contains('.').then(|| format!("v{branch}"))
}

/// `12` of `12.5` or `bookworm`; two numbers up to `6.0`, as Debian counted before 7. `sid` has none.
pub(super) fn debian(hint: &Hint<'_>) -> Option<String> {
    match hint.major() {
        Some(major) if major >= 7 => Some(major.to_string()),
        Some(_) => hint.numbers(2).map(str::to_owned),
        None => release_of(DEBIAN, hint.codename).map(str::to_owned),
    }
}

/// `22.04:LTS` of `22.04` or `jammy`; `Pro:…` where the suite of an archive is named (`esm-infra/xenial`).
pub(super) fn ubuntu(hint: &Hint<'_>) -> Option<String> {
    let (mut pocket, mut release) = ("", hint.numbers(2));
    if release.is_none() {
        for part in hint.codename.split('/') {
            match release_of(UBUNTU, part) {
                Some(known) => release = Some(known),
                None => pocket = part,
            }
        }
    }
    let release = release?;
    let lts = if is_lts(release) { ":LTS" } else { "" };
    match pocket {
        "" => Some(format!("{release}{lts}")),
        "fips" => Some(format!("Pro:FIPS:{release}{lts}")),
        "fips-updates" => Some(format!("Pro:FIPS-updates:{release}{lts}")),
        "fips-preview" => Some(format!("Pro:FIPS-preview:{release}{lts}")),
        "realtime" => Some(format!("Pro:{release}{lts}:Realtime:Kernel")),
        "bluefield" => Some(format!("{release}{lts}:for:NVIDIA:BlueField")),
        esm if esm.starts_with("esm") => Some(format!("Pro:{release}{lts}")),
        _ => None,
    }
}

/// Every April of an even year, and 6.06.
fn is_lts(release: &str) -> bool {
    let even = |year: &str| year.parse::<u32>().is_ok_and(|year| year % 2 == 0);
    release == "6.06" || release.strip_suffix(".04").is_some_and(even)
}

/// `5.0` of `5.0` or `5`.
pub(super) fn photon(hint: &Hint<'_>) -> Option<String> {
    let release = hint.numbers(2)?;
    Some(if release.contains('.') {
        release.to_owned()
    } else {
        format!("{release}.0")
    })
}

/// `22.03-LTS-SP3` of `openEuler 22.03 (LTS-SP3)`.
pub(super) fn openeuler(hint: &Hint<'_>) -> Option<String> {
    let update = hint
        .pretty
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    match update {
        Some((update, _)) if !update.is_empty() => Some(format!("{}-{update}", hint.numbers(2)?)),
        _ => owned(hint.version),
    }
}

/// `Leap 15.6` of `openSUSE Leap 15.6`; without a pretty name from id and version.
pub(super) fn opensuse(hint: &Hint<'_>) -> Option<String> {
    if hint.id.contains("tumbleweed") || hint.pretty.contains("Tumbleweed") {
        return Some("Tumbleweed".to_owned());
    }
    match hint.pretty.strip_prefix("openSUSE ") {
        Some(name) => owned(name.trim()),
        None => hint.numbers(2).map(|version| format!("Leap {version}")),
    }
}

/// `Linux Enterprise Server 15 SP5` of `SUSE Linux Enterprise Server 15 SP5`; without a pretty name
/// from id and version, whose second number is the service pack.
pub(super) fn suse(hint: &Hint<'_>) -> Option<String> {
    if let Some(name) = hint.pretty.strip_prefix("SUSE ") {
        return owned(name.trim());
    }
    let product = match hint.id {
        "sles" | "suse" => "Linux Enterprise Server",
        "sled" => "Linux Enterprise Desktop",
        "sles_sap" => "Linux Enterprise Server for SAP Applications",
        "sle_hpc" => "Linux Enterprise High Performance Computing",
        "sle-micro" | "sl-micro" => {
            let version = hint.numbers(2)?;
            return Some(format!("Linux Enterprise Micro {version}"));
        }
        _ => return None,
    };
    match hint.numbers(2)?.split_once('.') {
        Some((major, pack)) if pack != "0" => Some(format!("{product} {major} SP{pack}")),
        _ => Some(format!("{product} {}", hint.numbers(1)?)),
    }
}

/// `enterprise_linux:9` of `9.4`. CentOS is a rebuild up to 8; CentOS Stream runs ahead and is not.
pub(super) fn red_hat(hint: &Hint<'_>) -> Option<String> {
    if hint.pretty.contains("Stream") || (hint.id == "centos" && hint.major()? > 8) {
        return None;
    }
    hint.numbers(1).map(|major| format!("enterprise_linux:{major}"))
}

fn release_of<'a>(table: &[(&str, &'a str)], codename: &str) -> Option<&'a str> {
    let row = table
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(codename))?;
    Some(row.1)
}

/// Releases of Debian by codename, as `debian.csv` of distro-info numbers them.
const DEBIAN: &[(&str, &str)] = &[
    ("buzz", "1.1"),
    ("rex", "1.2"),
    ("bo", "1.3"),
    ("hamm", "2.0"),
    ("slink", "2.1"),
    ("potato", "2.2"),
    ("woody", "3.0"),
    ("sarge", "3.1"),
    ("etch", "4.0"),
    ("lenny", "5.0"),
    ("squeeze", "6.0"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

/// Releases of Ubuntu by codename.
const UBUNTU: &[(&str, &str)] = &[
    ("warty", "4.10"),
    ("hoary", "5.04"),
    ("breezy", "5.10"),
    ("dapper", "6.06"),
    ("edgy", "6.10"),
    ("feisty", "7.04"),
    ("gutsy", "7.10"),
    ("hardy", "8.04"),
    ("intrepid", "8.10"),
    ("jaunty", "9.04"),
    ("karmic", "9.10"),
    ("lucid", "10.04"),
    ("maverick", "10.10"),
    ("natty", "11.04"),
    ("oneiric", "11.10"),
    ("precise", "12.04"),
    ("quantal", "12.10"),
    ("raring", "13.04"),
    ("saucy", "13.10"),
    ("trusty", "14.04"),
    ("utopic", "14.10"),
    ("vivid", "15.04"),
    ("wily", "15.10"),
    ("xenial", "16.04"),
    ("yakkety", "16.10"),
    ("zesty", "17.04"),
    ("artful", "17.10"),
    ("bionic", "18.04"),
    ("cosmic", "18.10"),
    ("disco", "19.04"),
    ("eoan", "19.10"),
    ("focal", "20.04"),
    ("groovy", "20.10"),
    ("hirsute", "21.04"),
    ("impish", "21.10"),
    ("jammy", "22.04"),
    ("kinetic", "22.10"),
    ("lunar", "23.04"),
    ("mantic", "23.10"),
    ("noble", "24.04"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("questing", "25.10"),
    ("resolute", "26.04"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codename_tables_are_consistent() {
        let mut lts = UBUNTU.iter().map(|row| row.1).filter(|release| is_lts(release));
        assert_eq!(lts.next(), Some("6.06"));
        assert_eq!(
            lts.collect::<Vec<_>>(),
            [
                "8.04", "10.04", "12.04", "14.04", "16.04", "18.04", "20.04", "22.04", "24.04", "26.04"
            ]
        );
        assert_eq!(release_of(DEBIAN, "Bookworm"), Some("12"));
        assert_eq!(release_of(DEBIAN, "sid"), None);
    }

    #[test]
    fn numbers() {
        let of = |version, count| {
            Hint {
                version,
                ..Hint::default()
            }
            .numbers(count)
        };
        assert_eq!(of("9.4.1", 1), Some("9"));
        assert_eq!(of("9.4.1", 2), Some("9.4"));
        assert_eq!(of("9", 2), Some("9"));
        assert_eq!(of("9.", 2), Some("9"));
        assert_eq!(of("8-4-legacy", 2), Some("8"));
        assert_eq!(of("stream", 1), None);
        assert_eq!(of("", 1), None);
        assert_eq!(of(".5", 1), None);
    }
}
