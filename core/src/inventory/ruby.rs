//! Installed gems: the specifications RubyGems writes into `specifications` (and `specifications/default`).
//!
//! The judge is `gem list`. The files are Ruby, but generated in one form; nothing is evaluated, so what is
//! not a literal is read from the `# stub:` line, which RubyGems itself trusts, or from the file's name.

use super::{Extractor, Fact, Found, Package, Reader, identity, lines, quoted};
use crate::Limits;
use crate::image::FileHeader;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "ruby",
    wants: |header, _| is_specification(header.path.as_bytes()),
    read: Reader::Bytes(read),
};

fn is_specification(path: &[u8]) -> bool {
    let mut parts = path.rsplit(|byte| *byte == b'/');
    if !parts.next().is_some_and(|name| name.ends_with(b".gemspec")) {
        return false;
    }
    match parts.next() {
        Some(b"specifications") => true,
        Some(b"default") => parts.next() == Some(b"specifications"),
        _ => false,
    }
}

/// What names a gem.
#[derive(Debug, Default, PartialEq, Eq)]
struct Gem {
    name: Option<String>,
    version: Option<String>,
    platform: Option<String>,
}

fn read(header: &FileHeader, text: &[u8], _limits: &Limits, found: &mut Found) {
    let (body, stub) = (body(text), stub(text));
    let Some(name) = body.name.or(stub.name) else {
        return found.note(header, "not a gem specification: no name");
    };
    let stem = header
        .path
        .file_name()
        .strip_suffix(b".gemspec")
        .unwrap_or_default();
    let version = body
        .version
        .or(stub.version)
        .or_else(|| version_of_stem(stem, &name));
    let Some(version) = version else {
        return found.note(header, format!("{}: no version", quoted(name.as_bytes())));
    };
    let platform = body
        .platform
        .or(stub.platform)
        .filter(|platform| platform != "ruby");
    if [&name, &version].into_iter().any(|text| !is_plain(text)) {
        let text = format!("{name} {version}");
        return found.note(
            header,
            format!("not a gem's name and version: {}", quoted(text.as_bytes())),
        );
    }
    let full_name = match &platform {
        Some(platform) => format!("{name}-{version}-{platform}"),
        None => format!("{name}-{version}"),
    };
    let mut package = Package::new(&name, &version, "RubyGems", EXTRACTOR.name);
    package.purl = identity::ruby(&name, &version, platform.as_deref());
    found.package(header, package);
    // A default gem has its files among those of Ruby itself.
    let is_default = header.path.parent().ends_with(b"/default");
    if !is_default && !full_name.contains('/') {
        let folder = format!("../gems/{full_name}").into_bytes();
        found.fact(header, Fact::Tree { folder, except: b"" });
    }
}

/// What RubyGems allows in a name, and in a version.
fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// `# stub: NAME VERSION PLATFORM REQUIRE-PATHS`, in the second line (the first states the encoding).
fn stub(text: &[u8]) -> Gem {
    let Some(stub) = lines(text)
        .take(2)
        .find_map(|line| line.strip_prefix(b"# stub: "))
    else {
        return Gem::default();
    };
    let stub = String::from_utf8_lossy(stub);
    let mut words = stub.split_ascii_whitespace().map(str::to_owned);
    Gem {
        name: words.next(),
        version: words.next(),
        platform: words.next(),
    }
}

/// The literals that are assigned inside `Gem::Specification.new do |s| … end`.
fn body(text: &[u8]) -> Gem {
    let mut gem = Gem::default();
    let mut variable: Option<&[u8]> = None;
    for line in lines(text).map(<[u8]>::trim_ascii) {
        let Some(variable) = variable else {
            variable = block_variable(line);
            continue;
        };
        let Some(line) = line
            .strip_prefix(variable)
            .and_then(|line| line.strip_prefix(b"."))
        else {
            continue;
        };
        let Some(equals) = line.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let Some((key, value)) = line.split_at_checked(equals) else {
            continue;
        };
        let field = match key.trim_ascii_end() {
            b"name" => &mut gem.name,
            b"version" => &mut gem.version,
            b"platform" => &mut gem.platform,
            _ => continue,
        };
        let value = value.get(1..).unwrap_or_default();
        // As in Ruby, the last assignment counts.
        *field = literal(&String::from_utf8_lossy(value)).or(field.take());
    }
    gem
}

/// `s` of `Gem::Specification.new do |s|`.
fn block_variable(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"Gem::Specification.new")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"do").or_else(|| rest.strip_prefix(b"{"))?;
    let mut bars = rest
        .trim_ascii_start()
        .strip_prefix(b"|")?
        .split(|byte| *byte == b'|');
    let variable = bars.next()?.trim_ascii();
    let known = !variable.is_empty() && bars.next().is_some();
    known.then_some(variable)
}

/// The text of a Ruby string literal that stands alone: `"…"`, `'…'` or `%q{…}`, perhaps frozen, perhaps
/// wrapped as a version.
fn literal(expression: &str) -> Option<String> {
    let expression = expression.trim();
    if let Some(rest) = expression.strip_prefix("Gem::Version.new") {
        let argument = rest
            .trim()
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'));
        return literal(argument?);
    }
    let (open, text) = match expression.strip_prefix("%q") {
        Some(rest) => {
            let open = rest.chars().next()?;
            (open, rest.get(open.len_utf8()..)?)
        }
        None => (expression.chars().next()?, expression.get(1..)?),
    };
    let close = match open {
        '"' | '\'' => open,
        _ if !expression.starts_with('%') => return None,
        '<' => '>',
        '(' => ')',
        '[' => ']',
        '{' => '}',
        open => open,
    };
    let (text, rest) = text.split_once(close)?;
    let rest = rest.trim_start();
    let rest = rest.strip_prefix(".freeze").unwrap_or(rest).trim_start();
    let alone = rest.is_empty() || rest.starts_with('#') || rest.starts_with("if ");
    // No name or version holds an escape or an interpolation.
    (alone && !text.contains(['\\', '#']))
        .then(|| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// `1.2.3` of `NAME-1.2.3` and `NAME-1.2.3-PLATFORM`.
fn version_of_stem(stem: &[u8], name: &str) -> Option<String> {
    let rest = stem.strip_prefix(name.as_bytes())?.strip_prefix(b"-")?;
    let version = rest.split(|byte| *byte == b'-').next()?;
    let version = str::from_utf8(version).ok()?;
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::{found, reasons, wanted};

    #[test]
    fn literals() {
        for (expression, value) in [
            ("\"rake\".freeze", Some("rake")),
            ("'rake'", Some("rake")),
            ("\"1.2.3\" # why", Some("1.2.3")),
            ("\"3.2\" if s.respond_to? :x", Some("3.2")),
            ("%q{rake}", Some("rake")),
            ("%q<rake>.freeze", Some("rake")),
            ("Gem::Version.new(\"1.0\")", Some("1.0")),
            ("Gem::Version.new '1.0'", None),
            ("\"a\" + \"b\"", None),
            ("\"a#{b}\"", None),
            ("Foo::VERSION", None),
            ("\"open", None),
            ("", None),
            ("é", None),
            ("%q", None),
            ("%qé", None),
            ("\"\"", None),
        ] {
            assert_eq!(literal(expression).as_deref(), value, "{expression}");
        }
    }

    fn shown(path: &str, text: &[u8]) -> Vec<String> {
        let found = found(&EXTRACTOR, path, text);
        let facts = found.facts.iter().map(|(_, fact)| match fact {
            Fact::Package { package, .. } => format!("{} {}", package.name, package.version),
            Fact::Tree { folder, .. } => String::from_utf8_lossy(folder).into_owned(),
            other => panic!("{other:?}"),
        });
        facts.chain(reasons(&found)).collect()
    }

    #[test]
    fn specifications_as_they_are_written() {
        let generated = b"# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.15.4 x86_64-linux lib\n\n\
            Gem::Specification.new do |s|\n  s.name = \"nokogiri\".freeze\n  s.version = \"1.15.4\"\n  \
            s.platform = \"x86_64-linux\".freeze\n  s.required_rubygems_version = Gem::Requirement.new(\">= 0\".freeze)\n  \
            s.description = \"s.name = \\\"no\\\"\"\nend\n";
        let path = "usr/lib/ruby/gems/3.2.0/specifications/nokogiri-1.15.4-x86_64-linux.gemspec";
        assert_eq!(
            shown(path, generated),
            ["nokogiri 1.15.4", "../gems/nokogiri-1.15.4-x86_64-linux"]
        );
        let default = "r/specifications/default/json-2.6.3.gemspec";
        for (text, expected) in [
            ("# stub: json 2.6.3 ruby lib\n", "json 2.6.3"),
            (
                "Gem::Specification.new do |s|\ns.name='json'\ns.version=V\nend",
                "json 2.6.3",
            ),
            (
                "Gem::Specification.new { |s|\r\ns.name = %q{json}\r\ns.version = \"1\"\r\n}",
                "json 1",
            ),
            (
                "Gem::Specification.new do |a|\ns.name = 'json'\n",
                "not a gem specification: no name",
            ),
            (
                "Gem::Specif\n s.name = 'json'\n s.version = '1'\nend",
                "not a gem specification: no name",
            ),
            ("", "not a gem specification: no name"),
            (
                "Gem::Specification.new do |s|\ns.name = 'other'\nend",
                "\"other\": no version",
            ),
            (
                "# stub: ../x 1 ruby lib\n",
                "not a gem's name and version: \"../x 1\"",
            ),
        ] {
            assert_eq!(shown(default, text.as_bytes()), [expected], "{text}");
        }
        assert_eq!(shown(default, &vec![0xff; 1 << 20]).len(), 1);
    }

    #[test]
    fn only_installed_specifications() {
        for (path, expected) in [
            ("var/lib/gems/3.1.0/specifications/rake-13.gemspec", true),
            (
                "app/vendor/bundle/ruby/3.2.0/specifications/rake-13.gemspec",
                true,
            ),
            ("x/specifications/default/json-2.gemspec", true),
            ("x/gems/rake-13/rake.gemspec", false),
            ("x/default/json.gemspec", false),
            ("rake.gemspec", false),
            ("x/specifications/rake.rb", false),
        ] {
            assert_eq!(wanted(&EXTRACTOR, path), expected, "{path}");
        }
    }
}
