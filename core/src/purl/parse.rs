//! Reading a package URL, and writing its canonical form.

use std::borrow::Cow;

use super::encoding::{decode, encode_into};
use super::types::{self, Components, Namespace, Type};
use super::{Marks, Purl, error};
use crate::Result;

pub(super) const SCHEME: &str = "pkg:";

/// What to do with capitals in qualifier keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    FoldCase,
    AsWritten,
}

pub(super) fn parse(text: &str, keys: Keys) -> Result<Purl> {
    split(text.trim(), keys).map_err(|reason| error(text, reason))
}

fn split(text: &str, keys: Keys) -> Result<Purl, Cow<'static, str>> {
    let scheme = text.get(..SCHEME.len()).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Err("the scheme pkg: is required".into());
    }
    // A purl is a URL: its fragment begins at the first `#`, its query at the first `?` before that.
    let rest = text.get(SCHEME.len()..).unwrap_or_default();
    let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.trim_start_matches('/');
    let (kind, path) = path.split_once('/').unwrap_or((path, ""));
    let kind = check_kind(kind)?;
    let (path, version) = split_version(path);
    let row = types::find(&kind);

    let (namespace, name) = if version.is_some() && path.ends_with('/') {
        (path, "")
    } else {
        split_name(path.trim_matches('/'), row)
    };
    let mut qualifiers = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if keys == Keys::AsWritten && key.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(format!("qualifier key {key:?} is not lowercase").into());
        }
        qualifiers.push((Cow::Borrowed(key), decode(value)?));
    }
    canonical(
        &kind,
        row,
        Components {
            namespace: decode_segments(namespace)?,
            name: decode(name)?,
            version: decode(version.unwrap_or_default())?,
            qualifiers,
        },
        &decode_segments(subpath)?,
    )
}

/// The version follows the last `@`, unless that `@` begins a segment that is not the last: then it
/// is the unencoded scope of npm (`@babel/core`).
fn split_version(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once('@') {
        Some((before, after)) if (before.is_empty() || before.ends_with('/')) && after.contains('/') => {
            (path, None)
        }
        Some((before, after)) => (before, Some(after)),
        None => (path, None),
    }
}

fn split_name<'a>(path: &'a str, row: &Type) -> (&'a str, &'a str) {
    let halves = if row.name_is_path {
        path.split_once('/')
    } else {
        path.rsplit_once('/')
    };
    halves.unwrap_or(("", path))
}

/// Segments decoded one by one: a slash inside a segment would make two of it.
fn decode_segments(text: &str) -> Result<Cow<'_, str>, Cow<'static, str>> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    for segment in text.split('/') {
        let segment = decode(segment)?;
        if segment.contains('/') {
            return Err(format!("segment {segment:?} contains a slash").into());
        }
        out.push_str(&segment);
        out.push('/');
    }
    Ok(Cow::Owned(out))
}

/// ECMA-427, 5.6.2.
pub(super) fn check_kind(kind: &str) -> Result<Cow<'_, str>, Cow<'static, str>> {
    if kind.is_empty() {
        return Err("a type is required".into());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    if !kind.starts_with(|c: char| c.is_ascii_alphabetic()) || !kind.bytes().all(plain) {
        return Err(
            format!("type {kind:?} is not a letter followed by letters, digits, periods and dashes").into(),
        );
    }
    Ok(types::lower(Cow::Borrowed(kind)))
}

/// ECMA-427, 5.6.6.
fn check_key(key: Cow<'_, str>) -> Result<Cow<'_, str>, Cow<'static, str>> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if !key.starts_with(|c: char| c.is_ascii_alphabetic()) || !key.bytes().all(plain) {
        return Err(
            format!("qualifier key {key:?} is not a letter followed by letters, digits and .-_").into(),
        );
    }
    Ok(types::lower(key))
}

/// Applies the rules of the type to decoded components and writes the canonical text.
pub(super) fn canonical(
    kind: &str,
    row: &Type,
    mut parts: Components<'_>,
    subpath: &str,
) -> Result<Purl, Cow<'static, str>> {
    let mut qualifiers = Vec::with_capacity(parts.qualifiers.len());
    for (key, value) in std::mem::take(&mut parts.qualifiers) {
        let key = check_key(key)?;
        if !value.is_empty() {
            qualifiers.push((key, value));
        }
    }
    qualifiers.sort();
    for pair in qualifiers.windows(2) {
        if let [(left, _), (right, _)] = pair
            && left == right
        {
            return Err(format!("qualifier {left:?} appears twice").into());
        }
    }
    parts.qualifiers = qualifiers;
    parts.namespace = row.fold_namespace.apply(parts.namespace);
    parts.name = row.fold_name.apply(parts.name);
    parts.version = row.fold_version.apply(parts.version);
    check_required(kind, row, &parts)?;
    if let Some(check) = row.check {
        check(&mut parts)?;
    }
    Ok(write(kind, row, &parts, subpath))
}

fn check_required(kind: &str, row: &Type, parts: &Components<'_>) -> Result<(), Cow<'static, str>> {
    if parts.name.trim_matches('/').is_empty() {
        return Err("a name is required".into());
    }
    let has_namespace = segments(&parts.namespace).next().is_some();
    match row.namespace {
        Namespace::Required if !has_namespace => {
            return Err(format!("type {kind} requires a namespace").into());
        }
        Namespace::Prohibited if has_namespace => return Err(format!("type {kind} has no namespace").into()),
        _ => {}
    }
    for required in row.required {
        if !parts.qualifiers.iter().any(|(key, _)| key == required) {
            return Err(format!("type {kind} requires the qualifier {required}").into());
        }
    }
    Ok(())
}

fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split('/').filter(|segment| !segment.is_empty())
}

fn write(kind: &str, row: &Type, parts: &Components<'_>, subpath: &str) -> Purl {
    let capacity =
        kind.len() + parts.namespace.len() + parts.name.len() + parts.version.len() + subpath.len() + 16;
    let mut text = String::with_capacity(capacity);
    let mut marks = Marks::default();
    text.push_str(SCHEME);
    text.push_str(kind);
    marks.kind_end = text.len();
    for segment in segments(&parts.namespace) {
        text.push('/');
        encode_into(&mut text, segment, b"");
    }
    text.push('/');
    marks.name = text.len();
    // Without a namespace, the first part of a path would be read back as one.
    let is_path = row.name_is_path && marks.kind_end + 1 < marks.name;
    let slash: &[u8] = if is_path { b"/" } else { b"" };
    encode_into(&mut text, parts.name.trim_matches('/'), slash);
    marks.name_end = text.len();
    if !parts.version.is_empty() {
        text.push('@');
        encode_into(&mut text, &parts.version, b"");
    }
    marks.version_end = text.len();
    for (at, (key, value)) in parts.qualifiers.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(key);
        text.push('=');
        encode_into(&mut text, value, b"");
    }
    marks.qualifiers_end = text.len();
    let subpath = segments(subpath).filter(|segment| !matches!(*segment, "." | ".."));
    for (at, segment) in subpath.enumerate() {
        text.push(if at == 0 { '#' } else { '/' });
        encode_into(&mut text, segment, b"");
    }
    Purl {
        text: text.into_boxed_str(),
        marks,
    }
}
