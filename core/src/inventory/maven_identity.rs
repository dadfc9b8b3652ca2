//! Which Maven artifact an archive is: group, artifact and version.
//!
//! `pom.properties`, which Maven writes, says it outright. Other builds leave the manifest and the name of the
//! file; what these say is weighed here, and a group that remains a guess is called one.

use super::maven_groups;

/// What an archive is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    /// `None` where nothing tells it.
    pub(super) group: Option<String>,
    pub(super) artifact: String,
    /// Empty where nothing tells it.
    pub(super) version: String,
    /// Where the group comes from, if that is no proof.
    pub(super) guess: Option<&'static str>,
}

/// Reads `META-INF/maven/GROUP/ARTIFACT/pom.properties`; `path` fills in for what the file leaves out.
///
/// # Errors
/// What is missing or not filled in, in words.
pub(super) fn pom_properties(path: &str, text: &[u8]) -> Result<Identity, String> {
    let mut values = [None, None, None];
    for (key, value) in properties(text) {
        let at = ["groupId", "artifactId", "version"]
            .iter()
            .position(|name| *name == key);
        if let Some(slot) = at.and_then(|at| values.get_mut(at)) {
            *slot = Some(value);
        }
    }
    let [group, artifact, version] = values;
    let (path_group, path_artifact) = coordinates(path).unzip();
    let take = |what: &str, value: Option<String>, path: Option<&str>| match value {
        Some(value) if value.contains("${") => Err(format!("{what} is not filled in: {value:?}")),
        Some(value) if !value.is_empty() => Ok(value),
        _ => path.map(str::to_owned).ok_or_else(|| format!("no {what}")),
    };
    Ok(Identity {
        group: Some(take("groupId", group, path_group)?),
        artifact: take("artifactId", artifact, path_artifact)?,
        version: take("version", version, None)?,
        guess: None,
    })
}

/// Group and artifact of `…META-INF/maven/GROUP/ARTIFACT/FILE`.
pub(super) fn coordinates(path: &str) -> Option<(&str, &str)> {
    let (_, rest) = path.rsplit_once("META-INF/maven/")?;
    let mut parts = rest.split('/');
    let (group, artifact) = (parts.next()?, parts.next()?);
    (parts.next().is_some() && parts.next().is_none()).then_some((group, artifact))
}

/// The pairs of a Java properties file (`java.util.Properties.load`).
fn properties(text: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split(['\n', '\r']).map(str::trim_ascii_start);
    let mut pairs = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = line.to_owned();
        let mut last = line;
        // An odd number of backslashes at the end of a line joins the next one.
        while last.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1 {
            logical.pop();
            let Some(next) = lines.next() else { break };
            logical.push_str(next);
            last = next;
        }
        pairs.push(pair(&logical));
    }
    pairs
}

fn pair(line: &str) -> (String, String) {
    let (mut key, mut value) = (String::new(), String::new());
    let mut in_value = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let target = if in_value { &mut value } else { &mut key };
        match c {
            '\\' => match chars.next() {
                Some('u') => {
                    let code: String = chars.by_ref().take(4).collect();
                    let c = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                    target.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some('t') => target.push('\t'),
                Some('n') => target.push('\n'),
                Some(c) => target.push(c),
                None => {}
            },
            '=' | ':' | ' ' | '\t' if !in_value => {
                in_value = true;
                // One separator with blanks around it.
                let mut separated = matches!(c, '=' | ':');
                while let Some(next) = chars.peek() {
                    match next {
                        ' ' | '\t' => {}
                        '=' | ':' if !separated => separated = true,
                        _ => break,
                    }
                    chars.next();
                }
            }
            c => target.push(c),
        }
    }
    (key, value.trim_ascii_end().to_owned())
}

/// The main section of a `MANIFEST.MF`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    attributes: Vec<(String, String)>,
}

impl Manifest {
    pub(super) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let mut attributes: Vec<(String, String)> = Vec::new();
        // Blank lines before the first attribute occur; one after it ends the section.
        for line in text.trim_start_matches(['\n', '\u{feff}']).split('\n') {
            if line.is_empty() {
                break;
            }
            if let Some(more) = line.strip_prefix(' ') {
                if let Some((_, value)) = attributes.last_mut() {
                    value.push_str(more);
                }
            } else if let Some((name, value)) = line.split_once(':') {
                attributes.push((name.to_owned(), value.trim_start().to_owned()));
            }
        }
        Self { attributes }
    }

    /// A value that says something: not empty, no placeholder that a build forgot.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = found?.1.trim().trim_matches('"');
        (!value.is_empty() && !value.contains("${") && !value.starts_with('%')).then_some(value)
    }

    /// `Bundle-SymbolicName` without its directives.
    fn symbolic_name(&self) -> Option<&str> {
        self.get("Bundle-SymbolicName")?.split(';').next().map(str::trim)
    }

    /// The version that the build states.
    fn stated_version(&self) -> Option<&str> {
        self.first_version(&["Plugin-Version", "Implementation-Version"])
    }

    /// That, or what comes near: OSGi pads to three parts, specifications leave out the last.
    fn version(&self) -> Option<&str> {
        self.stated_version()
            .or_else(|| self.first_version(&["Bundle-Version", "Specification-Version"]))
    }

    fn first_version(&self, names: &[&str]) -> Option<&str> {
        let mut versions = names
            .iter()
            .filter_map(|name| self.get(name)?.split_whitespace().next());
        versions.find(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    }
}

/// Artifact and version of a file name as Maven writes it: `artifact-1.2.3.jar`.
fn file_name_parts(file_name: &str) -> (&str, Option<&str>) {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    if stem.len() > LONGEST_NAME {
        return (stem, None);
    }
    for (at, _) in stem.match_indices(['-', '_']) {
        if let Some((artifact, rest)) = stem.split_at_checked(at) {
            let version = rest.get(1..).unwrap_or_default();
            // `log4j-1.2-api-2.17.1`: a version does not go on with a word and another version.
            let mut parts = version.split('-').skip_while(|part| digit(part));
            let again = parts.any(|part| digit(part) && part.contains('.'));
            // Debian keeps versions apart by such names: `spring3-core-3.x.jar`.
            let any = version.split('.').any(|part| part == "x");
            let scala = rest.starts_with('_') && version.contains('-');
            if !artifact.is_empty() && digit(version) && !again && !any && !scala {
                return (artifact, Some(version));
            }
        }
    }
    (stem, None)
}

/// Endings that tell two files of one artifact apart, and are no part of its version.
const CLASSIFIERS: &[&str] = &[
    "-linux",
    "-osx",
    "-windows",
    "-sources",
    "-javadoc",
    "-tests",
    "-jar-with-dependencies",
    "-uber",
    "-shaded",
    "-all",
    "-standalone",
    "-bin",
    "-exec",
    "-fat",
    "-runner",
    "-plain",
    "-boot",
    "-native",
];

/// The version by name of file and manifest.
fn version(of_file: Option<&str>, manifest: &Manifest) -> String {
    let of_file = of_file.map(|version| {
        let ends = CLASSIFIERS
            .iter()
            .filter_map(|classifier| version.find(classifier))
            .min();
        ends.and_then(|end| version.get(..end)).unwrap_or(version)
    });
    let Some(file) = of_file else {
        return manifest.version().unwrap_or_default().to_owned();
    };
    // `4.3.30.RELEASE` in the manifest of a `-4.3.30.jar` is the whole of it; what follows a hyphen is the
    // build's own (`1.4.10-release-411`, `9.4-SNAPSHOT`, a commit), else Maven had put it into the name.
    let whole = manifest.stated_version().filter(|stated| {
        let rest = stated.strip_prefix(file).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_alphabetic())
                && !rest.bytes().all(|b| b.is_ascii_hexdigit())
        })
    });
    whole.unwrap_or(file).to_owned()
}

/// Groups by name of a founder, not of a project: nothing is published under them.
const UMBRELLAS: &[&str] = &[
    "org.apache",
    "org.eclipse",
    "com.google",
    "com.sun",
    "com.oracle",
    "com.ibm",
    "org.jboss",
    "org.codehaus",
    "net.java",
    "org.osgi",
    "java.net",
    "www.apache.org",
];

fn is_group(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('.').all(part)
        && !UMBRELLAS.contains(&text)
}

fn is_artifact(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(fits)
}

/// Names are looked at part by part, each time as a whole; no real one is nearly as long.
const LONGEST_NAME: usize = 1024;

/// The group that the Maven bundle plugin made `symbolic_name` from, for this artifact. It appends the
/// artifact, less what it repeats of the group's last part: `org.a.b` and `b-core` give `org.a.b.core`.
fn group_of_bundle(symbolic_name: &str, artifact: &str) -> Option<String> {
    if symbolic_name.len() > LONGEST_NAME {
        return None;
    }
    if symbolic_name == artifact {
        // Felix and Eclipse call the artifact as the bundle: `org.apache.felix.framework`.
        let (group, _) = symbolic_name.rsplit_once('.')?;
        return is_group(group).then(|| group.to_owned());
    }
    let whole = symbolic_name
        .strip_suffix(artifact)
        .and_then(|group| group.strip_suffix('.'));
    if let Some(group) = whole.filter(|group| group.contains('.') && is_group(group)) {
        return Some(group.to_owned());
    }
    let plain = |text: &str| text.replace(['-', '_'], ".");
    for (at, _) in symbolic_name.rmatch_indices('.') {
        let (group, rest) = symbolic_name.split_at_checked(at)?;
        let last = group.rsplit('.').next().unwrap_or_default();
        let repeated = artifact
            .strip_prefix(last)
            .map(|tail| plain(tail.trim_start_matches(['-', '.', '_'])));
        if repeated.is_some_and(|tail| plain(rest).strip_prefix('.') == Some(&tail)) && is_group(group) {
            return Some(group.to_owned());
        }
    }
    let own = symbolic_name.rsplit('.').next() == artifact.split('-').next();
    (own && symbolic_name.contains('.') && is_group(symbolic_name)).then(|| symbolic_name.to_owned())
}

/// What an archive without `pom.properties` is, by its manifest and the name of its file.
pub(super) fn of_manifest(file_name: &str, manifest: &Manifest) -> Option<Identity> {
    let (file_artifact, file_version) = file_name_parts(file_name);
    let version = version(file_version, manifest);
    let proven = |group: &str, artifact: &str, version: &str| Identity {
        group: Some(group.to_owned()),
        artifact: artifact.to_owned(),
        version: version.to_owned(),
        guess: None,
    };
    let title = manifest.get("Implementation-Title");
    // Gradle plugins write `group#artifact;version`.
    if let Some((group, (artifact, stated))) = title
        .and_then(|title| title.split_once('#'))
        .and_then(|(group, rest)| Some((group, rest.split_once(';')?)))
    {
        let artifact = file_version.map_or(artifact, |_| file_artifact);
        return Some(proven(
            maven_groups::group(artifact, stated).unwrap_or(group),
            artifact,
            stated,
        ));
    }
    // Jenkins plugins say it all.
    if let (Some(group), Some(name)) = (manifest.get("Group-Id"), manifest.get("Short-Name")) {
        return Some(proven(group, name, manifest.version().unwrap_or(&version)));
    }
    if version.is_empty() {
        return None;
    }
    if title == Some("Apache Tomcat") {
        let artifact = maven_groups::tomcat(file_artifact).unwrap_or(file_artifact);
        let group = maven_groups::group(artifact, &version).unwrap_or("org.apache.tomcat");
        return Some(proven(group, artifact, &version));
    }
    let title = title.filter(|title| is_artifact(title));
    let named = file_version.map(|_| file_artifact);
    let candidates = [named, title, Some(file_artifact), manifest.symbolic_name()];
    for artifact in candidates.into_iter().flatten() {
        if let Some(group) = maven_groups::group(artifact, &version) {
            return Some(proven(group, artifact, &version));
        }
    }
    let artifact = named.or(title).unwrap_or(file_artifact);
    // Maven's archiver writes the group there, unless a parent pom says otherwise.
    if let Some(group) = manifest.get("Implementation-Vendor-Id").filter(|id| is_group(id)) {
        return Some(proven(group, artifact, &version));
    }
    let of_bundle = |name: Option<&str>| group_of_bundle(name?, artifact);
    let dotted = artifact.rsplit_once('.').map(|(group, _)| group.to_owned());
    let (group, guess) = [
        (of_bundle(manifest.symbolic_name()), "Bundle-SymbolicName"),
        (
            of_bundle(manifest.get("Automatic-Module-Name")),
            "Automatic-Module-Name",
        ),
        (
            dotted.filter(|group| group.contains('.') && is_group(group)),
            "the file name",
        ),
    ]
    .into_iter()
    .find_map(|(group, source)| Some((group?, source)))
    .unzip();
    Some(Identity {
        group,
        artifact: artifact.to_owned(),
        version,
        guess,
    })
}

/// What an archive is that holds the `pom.properties` of others only: told where its name is well known.
pub(super) fn beside_others(file_name: &str, manifest: &Manifest, others: &[Identity]) -> Option<Identity> {
    let (artifact, of_file) = file_name_parts(file_name);
    let group = maven_groups::group(artifact, of_file?)?;
    // `log4j-1.2-api.jar` is that artifact of no version, not log4j.
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    (!others
        .iter()
        .any(|other| [artifact, stem].contains(&other.artifact.as_str())))
    .then(|| Identity {
        group: Some(group.to_owned()),
        artifact: artifact.to_owned(),
        version: version(of_file, manifest),
        guess: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(identity: Option<Identity>) -> String {
        let Some(Identity {
            group,
            artifact,
            version,
            guess,
        }) = identity
        else {
            return "nothing".to_owned();
        };
        let guess = guess.map_or(String::new(), |source| format!(" by {source}"));
        format!("{}:{artifact} {version}{guess}", group.unwrap_or("?".to_owned()))
    }

    #[test]
    fn by_manifest_and_file_name() {
        for (file, manifest, expected) in [
            (
                "commons-collections-3.2.2.jar",
                "Implementation-Title: Commons Collections\nImplementation-Version: 3.2.2\n\
                 Implementation-Vendor-Id: org.apache\nBundle-SymbolicName: org.apache.commons.collections",
                "commons-collections:commons-collections 3.2.2",
            ),
            (
                "spring3-beans.jar",
                "Implementation-Title: spring-beans\nImplementation-Version: 4.3.30.RELEASE",
                "org.springframework:spring-beans 4.3.30.RELEASE",
            ),
            (
                "spring3-core-3.x.jar",
                "Implementation-Title: spring-core\nImplementation-Version: 4.3.30.RELEASE",
                "org.springframework:spring-core 4.3.30.RELEASE",
            ),
            (
                "kotlin-stdlib-1.4.10.jar",
                "Implementation-Title: kotlin-stdlib\nImplementation-Version: 1.4.10-release-411 (1.4.10)",
                "org.jetbrains.kotlin:kotlin-stdlib 1.4.10",
            ),
            (
                "asm-9.4.jar",
                "Implementation-Version: 9.4-SNAPSHOT",
                "org.ow2.asm:asm 9.4",
            ),
            (
                "spring-core-4.3.30.jar",
                "Implementation-Title: spring-core\nImplementation-Version: 4.3.30.RELEASE",
                "org.springframework:spring-core 4.3.30.RELEASE",
            ),
            (
                "zookeeper-3.4.11.jar",
                "Implementation-Version: 3.4.11-37e277162d567b55a07d1755f0b31c32e93c01a0",
                "org.apache.zookeeper:zookeeper 3.4.11",
            ),
            (
                "bcprov-jdk15on-1.70.jar",
                "Bundle-Version: 1.70.00.0\nBundle-SymbolicName: bcprov",
                "org.bouncycastle:bcprov-jdk15on 1.70",
            ),
            (
                "elasticsearch-8.14.3.jar",
                "Implementation-Title: org.elasticsearch#server;8.14.3",
                "org.elasticsearch:elasticsearch 8.14.3",
            ),
            (
                "catalina.jar",
                "Implementation-Title: Apache Tomcat\nImplementation-Version: 9.0.31",
                "org.apache.tomcat:tomcat-catalina 9.0.31",
            ),
            (
                "git-client.jpi",
                "Group-Id: org.jenkins-ci.plugins\nShort-Name: git-client\nPlugin-Version: 4.7.0",
                "org.jenkins-ci.plugins:git-client 4.7.0",
            ),
            (
                "shop-core-2.1.jar",
                "Implementation-Vendor-Id: com.example.shop\nImplementation-Version: 2.1",
                "com.example.shop:shop-core 2.1",
            ),
            (
                "shop-core-2.1.jar",
                "Bundle-SymbolicName: com.example.shop.core;singleton:=true",
                "com.example.shop:shop-core 2.1 by Bundle-SymbolicName",
            ),
            (
                "parser-2.1.jar",
                "Bundle-SymbolicName: com.example.text.parser",
                "com.example.text:parser 2.1 by Bundle-SymbolicName",
            ),
            (
                "org.apache.felix.framework-6.0.3.jar",
                "",
                "org.apache.felix:org.apache.felix.framework 6.0.3 by the file name",
            ),
            ("dom4j-1.6.1.jar", "", "dom4j:dom4j 1.6.1"),
            ("dom4j-2.1.3.jar", "", "org.dom4j:dom4j 2.1.3"),
            (
                "netty-epoll-4.1.59.Final-linux-x86_64.jar",
                "",
                "io.netty:netty-epoll 4.1.59.Final",
            ),
            (
                "guava-31.1-jre.jar",
                "Implementation-Version: ${project.version}",
                "com.google.guava:guava 31.1-jre",
            ),
            (
                "log4j-1.2-api-2.17.1.jar",
                "",
                "org.apache.logging.log4j:log4j-1.2-api 2.17.1",
            ),
            ("kafka_2.13-2.8.0.jar", "", "org.apache.kafka:kafka_2.13 2.8.0"),
            ("tool-1.0.jar", "", "?:tool 1.0"),
            (
                "tool.jar",
                "Implementation-Version: 1.8.0_292",
                "?:tool 1.8.0_292",
            ),
            ("tool.jar", "Main-Class: Main", "nothing"),
            ("", "", "nothing"),
        ] {
            let manifest = Manifest::parse(manifest.as_bytes());
            assert_eq!(show(of_manifest(file, &manifest)), expected, "{file}");
        }
    }

    #[test]
    fn manifests_have_long_lines_and_sections() {
        let text = b"Manifest-Version: 1.0\r\nBundle-SymbolicName: com.example.a.very\r\n .long.name; x\r\n\
            implementation-version: 1.0\r\n\r\nName: a.class\r\nImplementation-Title: other\r\n";
        let manifest = Manifest::parse(text);
        assert_eq!(manifest.symbolic_name(), Some("com.example.a.very.long.name"));
        assert_eq!(manifest.version(), Some("1.0"));
        assert_eq!(manifest.get("Implementation-Title"), None);
    }

    #[test]
    fn pom_properties_as_java_reads_them() {
        let path = "META-INF/maven/com.example/app/pom.properties";
        let read = |text: &str| pom_properties(path, text.as_bytes()).map(|identity| show(Some(identity)));
        let ok = |text: &str| Ok::<_, String>(text.to_owned());
        assert_eq!(
            read("#Generated\nversion=1.0\ngroupId=org.example\nartifactId=lib\n"),
            ok("org.example:lib 1.0")
        );
        assert_eq!(read("version : 1.0\r\n! x\r\n"), ok("com.example:app 1.0"));
        assert_eq!(
            read("version 1.\\\n  0\nartifactId=l\\u0069b"),
            ok("com.example:lib 1.0")
        );
        assert_eq!(
            read("version=${project.version}"),
            Err(r#"version is not filled in: "${project.version}""#.to_owned())
        );
        assert_eq!(read("groupId=x"), Err("no version".to_owned()));
    }

    #[test]
    fn the_own_name_beside_others() {
        let other = pom_properties("META-INF/maven/a/b/pom.properties", b"version=1").unwrap();
        let manifest = Manifest::default();
        let others = std::slice::from_ref(&other);
        let own = beside_others("kafka-clients-3.4.0.jar", &manifest, others);
        assert_eq!(show(own), "org.apache.kafka:kafka-clients 3.4.0");
        assert_eq!(beside_others("app-3.4.0.jar", &manifest, others), None);
        assert_eq!(beside_others("kafka-clients.jar", &manifest, others), None);
        let path = "META-INF/maven/org.apache.logging.log4j/log4j-1.2-api/pom.properties";
        let bridge = [pom_properties(path, b"version=2.19.0").unwrap()];
        assert_eq!(beside_others("log4j-1.2-api.jar", &manifest, &bridge), None);
    }
}
