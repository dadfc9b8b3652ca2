//! What each package URL type adds to the general rules: one row a type.
//!
//! The rules are those of the type definitions of `package-url/purl-spec`. Where a definition and the
//! packages people name with the type disagree, the row follows the packages and says so: a rule that
//! folds two packages into one would give one of them the other's advisories.

use std::borrow::Cow;

/// Whether a type has namespaces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    Optional,
    Required,
    Prohibited,
}

/// How a component is brought to its canonical text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    Keep,
    Lower,
    Upper,
    /// PEP 503: lowercase, runs of `-`, `_` and `.` become one `-`.
    Pypi,
    /// Lowercase, and `_` for what Dart does not allow in a name.
    Pub,
    /// Hackage writes `-` where file systems had `_`.
    Hackage,
}

impl Fold {
    pub(super) fn apply(self, text: Cow<'_, str>) -> Cow<'_, str> {
        match self {
            Self::Keep => text,
            Self::Lower => lower(text),
            Self::Upper if text.chars().any(char::is_lowercase) => Cow::Owned(text.to_uppercase()),
            Self::Upper => text,
            Self::Pypi => pypi(text),
            Self::Pub => {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                if text.chars().all(plain) {
                    return text;
                }
                let lower = text.to_lowercase();
                Cow::Owned(lower.chars().map(|c| if plain(c) { c } else { '_' }).collect())
            }
            Self::Hackage if text.contains('_') => Cow::Owned(text.replace('_', "-")),
            Self::Hackage => text,
        }
    }
}

pub(crate) fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        text
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

pub(crate) fn pypi(text: Cow<'_, str>) -> Cow<'_, str> {
    let separator = |c: char| matches!(c, '-' | '_' | '.');
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if separator(c) {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    if gap {
        out.push('-');
    }
    if out == text.as_ref() {
        text
    } else {
        Cow::Owned(out)
    }
}

/// The components of a package URL, decoded, before and after the rules of its type.
pub(super) struct Components<'a> {
    pub namespace: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub version: Cow<'a, str>,
    /// Sorted by key, without empty values.
    pub qualifiers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl Components<'_> {
    fn qualifier(&self, key: &str) -> Option<&str> {
        let found = self.qualifiers.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.as_ref())
    }
}

/// A rule of one type: may change the components, or say what is wrong with them.
type Check = fn(&mut Components<'_>) -> Result<(), &'static str>;

/// One type.
pub(super) struct Type {
    pub name: &'static str,
    pub namespace: Namespace,
    pub fold_namespace: Fold,
    pub fold_name: Fold,
    pub fold_version: Fold,
    /// Qualifiers without which a purl of this type names nothing.
    pub required: &'static [&'static str],
    /// The namespace is the first segment and the name is the whole path after it.
    pub name_is_path: bool,
    /// What no column can say; runs after the folds.
    pub check: Option<Check>,
}

const fn of(name: &'static str) -> Type {
    Type {
        name,
        namespace: Namespace::Optional,
        fold_namespace: Keep,
        fold_name: Keep,
        fold_version: Keep,
        required: &[],
        name_is_path: false,
        check: None,
    }
}

impl Type {
    const fn namespace(mut self, rule: Namespace) -> Self {
        self.namespace = rule;
        self
    }

    const fn fold(mut self, namespace: Fold, name: Fold) -> Self {
        self.fold_namespace = namespace;
        self.fold_name = name;
        self
    }

    const fn version(mut self, fold: Fold) -> Self {
        self.fold_version = fold;
        self
    }

    const fn required(mut self, keys: &'static [&'static str]) -> Self {
        self.required = keys;
        self
    }

    const fn name_is_path(mut self) -> Self {
        self.name_is_path = true;
        self
    }

    const fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }
}

/// A type without a row: only the general rules hold.
static UNKNOWN: Type = of("");

pub(super) fn find(name: &str) -> &'static Type {
    let at = TYPES.binary_search_by(|row| row.name.cmp(name));
    at.ok().and_then(|at| TYPES.get(at)).unwrap_or(&UNKNOWN)
}

use Fold::{Hackage, Keep, Lower, Pub, Pypi, Upper};
use Namespace::{Prohibited, Required};

/// Sorted by name.
static TYPES: &[Type] = &[
    of("alpm").fold(Lower, Lower),
    of("apk").fold(Lower, Lower),
    of("bazel").namespace(Prohibited),
    of("bitbucket").namespace(Required).fold(Lower, Lower),
    of("bitnami").namespace(Prohibited).fold(Keep, Lower),
    of("brew").fold(Lower, Lower),
    of("cargo").namespace(Prohibited),
    of("chrome-extension")
        .namespace(Prohibited)
        .fold(Keep, Lower)
        .check(chrome_extension),
    of("cocoapods").namespace(Prohibited).check(cocoapods),
    of("composer").fold(Lower, Lower),
    of("conan"),
    of("conda").namespace(Prohibited),
    // The definition requires the author; its own tests, like most inventories, leave it out.
    of("cpan").fold(Upper, Keep).check(cpan),
    of("cran").namespace(Prohibited),
    of("deb").fold(Lower, Lower),
    of("docker"),
    of("gem").namespace(Prohibited),
    of("generic"),
    of("git").name_is_path().check(git),
    of("github").namespace(Required).fold(Lower, Lower),
    of("gitlab").namespace(Required).fold(Lower, Lower),
    // Module paths are case-sensitive (github.com/BurntSushi/toml) though the definition lowers them;
    // the standard library (`stdlib`) has no namespace though the definition requires one.
    of("golang"),
    of("hackage").namespace(Prohibited).fold(Keep, Hackage),
    of("hex").fold(Lower, Lower),
    of("huggingface").version(Lower),
    of("julia").namespace(Prohibited).required(&["uuid"]),
    of("luarocks").fold(Lower, Lower),
    of("maven").namespace(Required),
    of("mlflow").namespace(Prohibited).check(mlflow),
    // Names are lowercase since 2015; older ones are not (JSONStream and jsonstream are two packages).
    of("npm"),
    of("nuget").namespace(Prohibited),
    of("oci").namespace(Prohibited).fold(Keep, Lower).version(Lower),
    of("opam").namespace(Prohibited),
    of("otp").namespace(Prohibited).fold(Keep, Lower),
    of("pub").namespace(Prohibited).fold(Keep, Pub),
    of("pypi").namespace(Prohibited).fold(Keep, Pypi),
    of("qpkg").fold(Lower, Keep),
    of("rpm").fold(Lower, Keep),
    of("swid").required(&["tag_id"]),
    of("swift").namespace(Required),
    of("vcpkg").namespace(Prohibited),
    of("vscode-extension")
        .namespace(Required)
        .fold(Lower, Lower)
        .version(Lower),
    of("yocto").fold(Lower, Keep),
];

fn chrome_extension(parts: &mut Components<'_>) -> Result<(), &'static str> {
    if parts.name.len() != 32 || !parts.name.bytes().all(|b| (b'a'..=b'p').contains(&b)) {
        return Err("a chrome-extension is named by 32 letters from a to p");
    }
    let numbers = parts.version.split('.');
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !parts.version.is_empty() && (numbers.clone().count() > 4 || !numbers.clone().all(numeric)) {
        return Err("a chrome-extension version is one to four numbers");
    }
    Ok(())
}

fn cocoapods(parts: &mut Components<'_>) -> Result<(), &'static str> {
    if parts.name.starts_with('.') || parts.name.contains(|c: char| c == '+' || c.is_whitespace()) {
        return Err("a pod name has no white space, no plus and no leading period");
    }
    Ok(())
}

fn cpan(parts: &mut Components<'_>) -> Result<(), &'static str> {
    if parts.name.contains("::") {
        return Err("a cpan purl names a distribution, not a module");
    }
    Ok(())
}

/// GitHub ignores case in owner and repository; other hosts do not.
fn git(parts: &mut Components<'_>) -> Result<(), &'static str> {
    let host = parts.namespace.to_ascii_lowercase();
    if host == "github" || host == "github.com" {
        parts.name = lower(std::mem::take(&mut parts.name));
        parts.namespace = Cow::Owned(host);
    }
    Ok(())
}

/// Databricks ignores case in model names, Azure ML does not.
fn mlflow(parts: &mut Components<'_>) -> Result<(), &'static str> {
    let databricks = parts
        .qualifier("repository_url")
        .is_some_and(|url| url.to_ascii_lowercase().contains("databricks"));
    if databricks {
        parts.name = lower(std::mem::take(&mut parts.name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_found() {
        assert!(TYPES.is_sorted_by(|a, b| a.name < b.name));
        assert!(TYPES.iter().all(|row| find(row.name).name == row.name));
        assert_eq!(find("no-such-type").name, "");
    }

    #[test]
    fn folds() {
        let cases = [
            (Pypi, "Zope.._Interface-", "zope-interface-"),
            (Pypi, "django", "django"),
            (Pub, "Flutter-Map", "flutter_map"),
            (Hackage, "AC_HalfInteger", "AC-HalfInteger"),
            (Upper, "drolsky", "DROLSKY"),
            (Lower, "ÀB", "àb"),
            (Keep, "ÀB", "ÀB"),
        ];
        for (fold, text, folded) in cases {
            assert_eq!(fold.apply(Cow::Borrowed(text)), folded);
        }
    }
}
