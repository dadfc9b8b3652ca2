//! What the configuration of an image exposes: secrets in its environment, arguments and history, and root.

use std::collections::BTreeSet;

use super::named::{Guard, is_literal, is_secret_name};
use super::secrets::{Rules, Secret, named};
use super::{Exposure, ExposureKind};
use crate::image::ImageConfig;
use crate::inventory::Location;
use crate::score::Level;

/// Reports what `config` exposes; `roots` are the users with the number 0.
pub(super) fn look(
    config: &ImageConfig,
    rules: &Rules,
    roots: &BTreeSet<String>,
    exposures: &mut Vec<Exposure>,
) {
    if is_root(&config.user, roots) {
        let evidence = match config.user.as_str() {
            "" => "no user is set, so it is root".to_owned(),
            user => format!("user {user:?}"),
        };
        exposures.push(Exposure {
            rule: "config.root-user".to_owned(),
            kind: ExposureKind::RootUser,
            severity: Level::Medium,
            location: place("config:User".to_owned()),
            line: None,
            evidence,
            in_lower_layer: false,
        });
    }
    // The history repeats each `ENV`: a secret is told where it works first.
    let mut told = BTreeSet::new();
    let mut report = |path: String, secrets: Vec<Secret>| {
        for secret in secrets {
            if told.insert((secret.rule, secret.fingerprint, secret.evidence.clone())) {
                exposures.push(exposure(path.clone(), secret));
            }
        }
    };
    for variable in &config.env {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        report(format!("config:Env/{name}"), of_variable(rules, name, value));
    }
    for (place, arguments) in [
        ("config:Entrypoint", &config.entrypoint),
        ("config:Cmd", &config.cmd),
    ] {
        report(place.to_owned(), of_command(rules, &arguments.join(" ")));
    }
    for (number, step) in config.history.iter().enumerate() {
        report(format!("config:history/{number}"), of_command(rules, step));
    }
}

fn place(path: String) -> Location {
    Location { path, layer: None }
}

fn exposure(path: String, secret: Secret) -> Exposure {
    Exposure {
        rule: secret.rule.to_owned(),
        kind: secret.kind,
        severity: secret.severity,
        location: place(path),
        line: None,
        evidence: secret.evidence,
        in_lower_layer: false,
    }
}

/// `USER` or `USER:GROUP`, by name or number.
fn is_root(user: &str, roots: &BTreeSet<String>) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    matches!(name, "" | "root") || name.parse() == Ok(0u64) || roots.contains(name)
}

/// By its form, else by the name of the variable.
fn of_variable(rules: &Rules, name: &str, value: &str) -> Vec<Secret> {
    let secrets = rules.credentials(format!("{name}={value}").as_bytes());
    if secrets.is_empty() && is_secret_name(name) && is_literal(name, value, Guard::Literal) {
        return vec![named(name, value, 1)];
    }
    secrets
}

/// By form anywhere, by name in each `NAME=value` and `--name=value`.
fn of_command(rules: &Rules, command: &str) -> Vec<Secret> {
    let mut secrets = rules.credentials(command.as_bytes());
    if !secrets.is_empty() || !rules.has_names(command.as_bytes()) {
        return secrets;
    }
    for word in words(command) {
        let Some((name, value)) = word.split_once('=') else {
            continue;
        };
        let name = name.trim_start_matches('-');
        let value = value.trim_matches(['"', '\'']);
        // What the shell computes is no literal.
        let literal = is_literal(name, value, Guard::Literal) && !value.contains(['$', '`']);
        if is_secret_name(name) && literal {
            secrets.push(named(name, value, 1));
        }
    }
    secrets
}

/// The words of a command, as blanks and the shell's signs part them; quotes keep a word together.
fn words(command: &str) -> Vec<&str> {
    let mut quote = None;
    let split = command.split(|c: char| {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        quote.is_none() && (c.is_whitespace() || ";&|()".contains(c))
    });
    split.filter(|word| !word.is_empty()).collect()
}
