use proptest::prelude::*;

use super::Purl;

#[track_caller]
fn canonical(text: &str) -> String {
    Purl::parse(text).unwrap().to_string()
}

#[track_caller]
fn reason(text: &str) -> String {
    Purl::parse(text).unwrap_err().to_string()
}

#[test]
fn canonical_texts() {
    let cases = [
        ("pkg:npm/foobar@12.3.1", "pkg:npm/foobar@12.3.1"),
        (
            " PKG:///NPM/@babel/core#/a//./../b/ ",
            "pkg:npm/%40babel/core#a/b",
        ),
        ("pkg:npm/@babel/core@7.0.0", "pkg:npm/%40babel/core@7.0.0"),
        ("pkg:npm/JSONStream@1.3.5", "pkg:npm/JSONStream@1.3.5"),
        (
            "pkg:golang/github.com/BurntSushi/toml@v1.3.2",
            "pkg:golang/github.com/BurntSushi/toml@v1.3.2",
        ),
        ("pkg:golang/stdlib@1.22.0", "pkg:golang/stdlib@1.22.0"),
        ("pkg:brew/node@20@20.10.0", "pkg:brew/node%4020@20.10.0"),
        ("pkg:opam/git@3/16.1", "pkg:opam/git@3%2F16.1"),
        ("pkg:git/a%2F%2Fb", "pkg:git/a%2F%2Fb"),
        ("pkg:git/host/a%2F%2Fb", "pkg:git/host/a//b"),
        ("pkg:pypi/Zope.Interface", "pkg:pypi/zope-interface"),
        (
            "pkg:deb/Debian/GLIBC@2.36-9+deb12u4",
            "pkg:deb/debian/glibc@2.36-9%2Bdeb12u4",
        ),
        (
            "pkg:rpm/openEuler/Judy?epoch=0&distro=&arch=",
            "pkg:rpm/openeuler/Judy?epoch=0",
        ),
        (
            "pkg:generic/a?z=1&a=https://x.example/?q=1&&flag",
            "pkg:generic/a?a=https:%2F%2Fx.example%2F%3Fq%3D1&z=1",
        ),
        ("pkg:git/github.com/Own/Repo@v1", "pkg:git/github.com/own/repo@v1"),
        (
            "pkg:git/gitlab.example/GNOME/Fonts/x.git",
            "pkg:git/gitlab.example/GNOME/Fonts/x.git",
        ),
        ("pkg:maven/g/a%2Fb@1", "pkg:maven/g/a%2Fb@1"),
        ("pkg:generic/é ü@1%2F2", "pkg:generic/%C3%A9%20%C3%BC@1%2F2"),
        ("pkg:x/a/", "pkg:x/a"),
    ];
    for (text, expected) in cases {
        assert_eq!(canonical(text), expected, "{text}");
        assert_eq!(
            canonical(expected),
            expected,
            "canonical text is its own canonical text"
        );
    }
}

#[test]
fn what_is_refused_and_why() {
    let cases = [
        ("", "the scheme pkg: is required"),
        ("npm/foo", "the scheme pkg: is required"),
        ("pkg%3Anpm/foo", "the scheme pkg: is required"),
        ("pkg:", "a type is required"),
        ("pkg:npm", "a name is required"),
        ("pkg:npm/", "a name is required"),
        ("pkg:npm/@1.0", "a name is required"),
        ("pkg:npm/@babel", "a name is required"),
        ("pkg:3npm/a", "type \"3npm\" is not"),
        ("pkg:np+m/a", "type \"np+m\" is not"),
        ("pkg:swift/Alamofire@5", "type swift requires a namespace"),
        ("pkg:swift/github.com/Alamofire/@5", "a name is required"),
        ("pkg:otp/ns/hex", "type otp has no namespace"),
        ("pkg:julia/Dates", "type julia requires the qualifier uuid"),
        ("pkg:cpan/URI::PackageURL", "names a distribution"),
        ("pkg:chrome-extension/dogs", "32 letters"),
        ("pkg:cocoapods/a+b", "pod name"),
        ("pkg:npm/a?in%20p=1", "qualifier key \"in%20p\""),
        ("pkg:npm/a?a=1&A=2", "qualifier \"a\" appears twice"),
        ("pkg:npm/a%zz", "percent sign"),
        ("pkg:npm/a@%ff", "not UTF-8"),
        ("pkg:maven/a%2Fb/c", "segment \"a/b\" contains a slash"),
        ("pkg:npm/a#b%2Fc", "segment \"b/c\" contains a slash"),
    ];
    for (text, expected) in cases {
        assert!(reason(text).contains(expected), "{text}: {}", reason(text));
    }
    assert!(Purl::parse_strict("pkg:gem/a?Platform=java").is_err());
    assert_eq!(canonical("pkg:gem/a?Platform=java"), "pkg:gem/a?platform=java");
}

#[test]
fn parts_are_decoded() {
    let purl = Purl::parse("pkg:npm/%40a%20b/c%2Bd@1%2B2?k=v%26w&a=b#x%20y/z").unwrap();
    assert_eq!(purl.kind(), "npm");
    assert_eq!(purl.namespace().unwrap(), "@a b");
    assert_eq!(purl.name(), "c+d");
    assert_eq!(purl.version().unwrap(), "1+2");
    assert_eq!(purl.subpath().unwrap(), "x y/z");
    let qualifiers: Vec<_> = purl.qualifiers().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(qualifiers, ["a=b", "k=v&w"]);
    assert_eq!(purl.qualifier("k").unwrap(), "v&w");
    assert_eq!(purl.without_version().as_str(), "pkg:npm/%40a%20b/c%2Bd");
    assert_eq!(purl.without_version().version(), None);

    let bare = Purl::parse("pkg:npm/a").unwrap();
    assert_eq!(
        (bare.namespace(), bare.version(), bare.subpath()),
        (None, None, None)
    );
    assert_eq!(bare.qualifiers().count(), 0);
    let odd = Purl::parse("pkg:npm/a?k=v").unwrap();
    assert_eq!((odd.version(), odd.qualifier("k").unwrap().as_ref()), (None, "v"));
}

#[test]
fn serde_is_the_text() {
    let purl: Purl = serde_json::from_str("\"pkg:PyPI/A_b\"").unwrap();
    assert_eq!(serde_json::to_string(&purl).unwrap(), "\"pkg:pypi/a-b\"");
    assert!(serde_json::from_str::<Purl>("\"pkg:\"").is_err());
}

proptest! {
    #[test]
    fn never_panics_and_is_stable(text in "(pkg:)?[a-z@/%?#=&:. A-Z0-9é\u{0}]{0,40}") {
        if let Ok(purl) = Purl::parse(&text) {
            let again = Purl::parse(purl.as_str()).unwrap();
            prop_assert_eq!(again.as_str(), purl.as_str());
            prop_assert_eq!(again.name(), purl.name());
            prop_assert!(purl.as_str().is_ascii());
        }
    }

    #[test]
    fn parts_survive_building(
        namespace in proptest::collection::vec("[^/]{1,6}", 0..3),
        name in "[^/]{1,8}",
        version in ".{0,8}",
        value in ".{0,8}",
    ) {
        let namespace = namespace.join("/");
        let purl = Purl::builder("unregistered", &name)
            .namespace(&namespace).version(&version).qualifier("k", &value).build().unwrap();
        let read = Purl::parse(purl.as_str()).unwrap();
        prop_assert_eq!(read.namespace().unwrap_or_default(), namespace);
        prop_assert_eq!(read.name(), name);
        prop_assert_eq!(read.version().unwrap_or_default(), version);
        prop_assert_eq!(read.qualifier("k").unwrap_or_default(), value);
    }
}
