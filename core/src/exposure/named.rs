//! Secrets that only their name gives away: `DB_PASSWORD=…` in settings, `"clientSecret": "…"`.

/// How sure a value must look to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// The environment of an image is what runs: all that is a literal counts.
    Literal,
    /// Files hold templates, translations and defaults too: only what looks chosen counts.
    Chosen,
}

/// A name and its value in a line of settings (`NAME=value`, `name: value`, `"name": "value",`).
pub(super) fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = line
        .strip_prefix("export ")
        .or_else(|| line.strip_prefix("- "))
        .unwrap_or(line);
    if line.starts_with(['#', ';', '!', '/', '*']) {
        return None;
    }
    let at = line.find(['=', ':'])?;
    let (name, value) = line.split_at_checked(at)?;
    let name = name.trim().trim_matches(['"', '\'']);
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if name.is_empty() || !name.chars().all(fits) {
        return None;
    }
    // `a := b`, `a => b` and `a == b` are code.
    let value = value.get(1..)?;
    if value.starts_with(['=', '>', ':']) {
        return None;
    }
    let value = value.trim().trim_end_matches(',');
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let value = match quote.and_then(|quote| value.strip_prefix(quote)?.split_once(quote)) {
        Some((inside, _)) => inside,
        None => value
            .split_once(" #")
            .map_or(value, |(value, _)| value)
            .trim_end(),
    };
    Some((name, value))
}

/// Whether a name says that its value is secret: by its last word, or the last two.
pub(super) fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let before = words.iter().rev().nth(1).map(String::as_str).unwrap_or_default();
    match last {
        "password" | "passwd" | "passphrase" | "passwort" | "pwd" | "secret" | "token" | "apikey"
        | "secretkey" | "accesskey" | "privatekey" | "credentials" | "credential" => true,
        "pass" => !before.is_empty(),
        "key" => matches!(
            before,
            "api"
                | "access"
                | "secret"
                | "private"
                | "auth"
                | "encryption"
                | "signing"
                | "master"
                | "account"
        ),
        _ => false,
    }
}

/// The words of a name: `dbPassword`, `DB_PASSWORD` and `db.password` have two.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut start = true;
    let mut lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            start = true;
            continue;
        }
        start |= lower && c.is_ascii_uppercase();
        lower = c.is_ascii_lowercase();
        match words.last_mut().filter(|_| !start) {
            Some(word) => word.push(c.to_ascii_lowercase()),
            None => words.push(c.to_ascii_lowercase().to_string()),
        }
        start = false;
    }
    words
}

/// Whether a value is a secret itself: no reference, no stand-in, no setting.
pub(super) fn is_literal(name: &str, value: &str, guard: Guard) -> bool {
    const SETTINGS: &[&str] = &[
        "",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "null",
        "none",
        "nil",
        "undefined",
        "0",
        "1",
        "required",
        "optional",
        "string",
        "str",
        "text",
        "prompt",
        "ask",
        "random",
    ];
    const REFERENCES: &[&str] = &[
        "$", "{{", "<", "%", "@", "!", "ENC(", "vault:", "arn:", "ssm:", "file:", "env:", "secret:",
        "http://", "https://", "./", "~/", "/run/", "/etc/", "/var/", "/usr/",
    ];
    const STAND_INS: &[&str] = &[
        "changeme",
        "change_me",
        "change-me",
        "change_this",
        "placeholder",
        "your_",
        "your-",
        "yourpassword",
        "redacted",
        "xxxx",
        "****",
        "<your",
        "replace_",
        "replace-",
        "insert_",
        "dummy",
        "todo",
        "fixme",
    ];
    let lower = value.to_ascii_lowercase();
    let reference = REFERENCES.iter().any(|start| value.starts_with(start))
        || ["${", "$(", "{{", "((", "<%"]
            .iter()
            .any(|mark| value.contains(mark));
    if SETTINGS.contains(&lower.as_str()) || reference || value.chars().all(|c| "*.-_xX ".contains(c)) {
        return false;
    }
    if STAND_INS.iter().any(|word| lower.contains(word)) {
        return false;
    }
    match guard {
        Guard::Literal => true,
        Guard::Chosen => looks_chosen(name, value, &lower),
    }
}

fn looks_chosen(name: &str, value: &str, lower: &str) -> bool {
    if !(8..=512).contains(&value.len()) || !value.bytes().all(|b| b.is_ascii_graphic()) {
        return false;
    }
    // A call, an index or a type is code.
    if value.contains(['(', '[', '{', '<', '>']) || lower.contains("example") {
        return false;
    }
    // Words alone, with or without signs between them, are a name for something: `db.password`, `MyToken`.
    if !value.bytes().any(|b| b.is_ascii_digit())
        && value
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || b"._-/:".contains(&b))
    {
        return false;
    }
    // `version: 1.2.3`, `2021-01-01`, `10.0.0.1:8080`.
    if value.bytes().all(|b| b.is_ascii_digit() || b".:-/".contains(&b)) {
        return false;
    }
    lower != name.to_ascii_lowercase() && entropy(value) >= 2.5
}

/// Shannon's, in bits a character.
fn entropy(value: &str) -> f64 {
    let mut counts = [0u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = value.len() as f64;
    let bits = counts.iter().filter(|count| **count > 0).map(|count| {
        let share = f64::from(*count) / length;
        -share * share.log2()
    });
    bits.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_settings() {
        for (line, expected) in [
            ("DB_PASSWORD=hunter2-x", Some(("DB_PASSWORD", "hunter2-x"))),
            ("export A='b c' # why", Some(("A", "b c"))),
            (r#"  "clientSecret": "a,b","#, Some(("clientSecret", "a,b"))),
            ("db.password : a1 # why", Some(("db.password", "a1"))),
            ("- TOKEN=1", Some(("TOKEN", "1"))),
            ("# PASSWORD=1", None),
            ("if (password == other)", None),
            ("password := f()", None),
            ("plain text", None),
            ("", None),
        ] {
            assert_eq!(assignment(line), expected, "{line}");
        }
    }

    #[test]
    fn names() {
        for name in [
            "DB_PASSWORD",
            "dbPassword",
            "api-key",
            "API_KEY",
            "apiKey",
            "client.secret",
            "AUTH_TOKEN",
            "DB_PASS",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "PASSWORD_FILE",
            "token_url",
            "key",
            "publicKey",
            "monkey",
            "pass",
            "compass",
            "secretName",
            "tokens",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn values() {
        for value in [
            "hunter2-not-real",
            "0123456789abcdef0123456789abcdef",
            "p4ssw0rd!Zq",
        ] {
            assert!(is_literal("password", value, Guard::Chosen), "{value}");
        }
        for value in [
            "",
            "true",
            "${DB_PASSWORD}",
            "{{ .Values.password }}",
            "<password>",
            "changeme123",
            "xxxxxxxxxx",
            "/run/secrets/db",
            "password",
            "db.password",
            "MyTokenProvider",
            "os.getenv('X1')",
            "10.0.0.1:8080",
            "https://login.example/1",
            "11111111",
            "short1",
            "two words 1",
            "$2y$placeholder",
        ] {
            assert!(!is_literal("password", value, Guard::Chosen), "{value}");
        }
        assert!(is_literal("password", "postgres", Guard::Literal));
        assert!(!is_literal("password", "$PASSWORD", Guard::Literal));
        assert!(!is_literal("allow_empty_password", "yes", Guard::Literal));
    }
}
