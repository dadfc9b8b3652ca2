//! Credentials of known kinds, one row each: the letters they begin with, and what must follow.
//!
//! Formats as their issuers document them. A row is worth its place where the form alone tells a secret from
//! any other text; what needs the name beside it is in [`named`](super::named).

use std::ops::Range;

use super::ExposureKind;
use super::matchers::{
    account_key, auth_token, aws_secret, base64_key, docker_auth, jwt, long_body, openai, pem, putty,
    sendgrid, slack_webhook, url_password,
};
use crate::score::Level;

/// One kind of credential.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) kind: ExposureKind,
    pub(super) severity: Level,
    /// What it begins with, or the name it stands behind.
    pub(super) keywords: &'static [&'static str],
    pub(super) shape: Shape,
}

/// What follows the keyword.
#[derive(Debug)]
pub(super) enum Shape {
    /// So many characters of this class, and then another one.
    Run(Class, Range<usize>),
    /// Anything else. Gets the text and where the keyword stands, gives where the secret stands.
    Check(fn(&[u8], Range<usize>) -> Option<Range<usize>>),
}

/// A class of characters.
#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    Alphanumeric,
    /// With `-` and `_`.
    Base64Url,
    Hex,
    /// Capital letters and digits.
    Capital,
}

impl Class {
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Capital => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }
}

const fn row(id: &'static str, severity: Level, keywords: &'static [&'static str], shape: Shape) -> Rule {
    Rule {
        id,
        kind: ExposureKind::Credential,
        severity,
        keywords,
        shape,
    }
}

const fn key(id: &'static str, keywords: &'static [&'static str], shape: Shape) -> Rule {
    Rule {
        id,
        kind: ExposureKind::PrivateKey,
        severity: High,
        keywords,
        shape,
    }
}

use Class::{Alphanumeric, Base64Url, Capital, Hex};
use Level::{Critical, High, Medium};
use Shape::{Check, Run};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    key("secret.private-key", &["-----BEGIN "], Check(pem)),
    key("secret.private-key", &["PuTTY-User-Key-File-"], Check(putty)),
    // `LS0tLS1CRUdJTi` is `-----BEGIN ` in base64: kubeconfig's client-key-data, Kubernetes secrets.
    key("secret.private-key", &["LS0tLS1CRUdJTi"], Check(base64_key)),
    key("secret.age-key", &["AGE-SECRET-KEY-1"], Run(Capital, 58..59)),

    // Cloud providers.
    row("secret.aws-access-key", High, &["AKIA", "ASIA"], Run(Capital, 16..17)),
    row("secret.aws-secret-key", Critical, &["aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "SecretAccessKey"], Check(aws_secret)),
    row("secret.azure-storage-key", High, &["AccountKey="], Check(account_key)),
    row("secret.google-api-key", Medium, &["AIza"], Run(Base64Url, 35..36)),
    row("secret.google-oauth-secret", High, &["GOCSPX-"], Run(Base64Url, 28..29)),
    row("secret.digitalocean-token", High, &["dop_v1_", "doo_v1_", "dor_v1_"], Run(Hex, 64..65)),
    row("secret.databricks-token", High, &["dapi"], Run(Hex, 32..33)),
    row("secret.vault-token", High, &["hvs.", "hvb."], Run(Base64Url, 24..301)),

    // Source code and packages.
    row("secret.github-token", High, &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], Run(Alphanumeric, 36..256)),
    row("secret.github-token", High, &["github_pat_"], Run(Base64Url, 82..256)),
    row("secret.gitlab-token", High, &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-"], Run(Base64Url, 20..301)),
    row("secret.npm-token", High, &["npm_"], Run(Alphanumeric, 36..37)),
    row("secret.npm-token", High, &["_authToken"], Check(auth_token)),
    row("secret.pypi-token", High, &["pypi-AgEI"], Run(Base64Url, 50..1025)),
    row("secret.rubygems-token", High, &["rubygems_"], Run(Hex, 48..49)),
    row("secret.docker-auth", High, &["\"auth\""], Check(docker_auth)),

    // Services.
    row("secret.slack-token", High, &["xoxb-", "xoxa-", "xoxp-", "xoxr-", "xoxs-", "xoxe-", "xapp-"], Check(long_body)),
    row("secret.slack-webhook", Medium, &["hooks.slack.com/services/T"], Check(slack_webhook)),
    row("secret.stripe-key", High, &["sk_live_", "rk_live_"], Run(Alphanumeric, 24..248)),
    row("secret.sendgrid-key", High, &["SG."], Check(sendgrid)),
    row("secret.shopify-token", High, &["shpat_", "shpss_", "shpca_", "shppa_"], Run(Hex, 32..33)),
    row("secret.openai-key", High, &["T3BlbkFJ"], Check(openai)),
    row("secret.anthropic-key", High, &["sk-ant-"], Run(Base64Url, 90..129)),
    row("secret.huggingface-token", High, &["hf_"], Run(Alphanumeric, 34..35)),

    // Anywhere.
    row("secret.url-password", High, &["postgres://", "postgresql://", "mysql://", "mongodb://", "mongodb+srv://", "redis://", "amqp://", "amqps://"], Check(url_password)),
    row("secret.jwt", Medium, &["eyJhbGciOi", "eyJ0eXAiOi", "eyJraWQiOi"], Check(jwt)),
];
