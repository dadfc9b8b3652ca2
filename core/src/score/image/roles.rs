//! What a file is for, told by its path and mode.

use super::Role;

/// Where a file stands that no package owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It matters by itself: a component of one file.
    Alone(Role),
    /// One of the many that hold data.
    Data,
    /// One of the many that explain, translate or cache.
    Documentation,
}

const EXECUTE: u32 = 0o111;

const CODE_EXTENSIONS: &[&str] = &[
    "beam", "cjs", "class", "dll", "dylib", "ear", "exe", "jar", "js", "lua", "mjs", "node", "php", "pl",
    "pm", "py", "pyc", "rb", "sh", "war", "wasm",
];

const INTERPRETERS: &[&str] = &[
    "ash", "bash", "busybox", "bun", "dash", "deno", "erl", "java", "ksh", "lua", "node", "nodejs", "perl",
    "php", "python", "ruby", "sh", "zsh",
];

/// Programs that start others: what they start is the entry point.
const STARTERS: &[&str] = &["dumb-init", "env", "gosu", "s6-svscan", "su-exec", "tini"];

const SERVICES: &[&str] = &[
    "apache2",
    "caddy",
    "dnsmasq",
    "dovecot",
    "envoy",
    "etcd",
    "exim4",
    "haproxy",
    "httpd",
    "mariadbd",
    "memcached",
    "mongod",
    "mysqld",
    "named",
    "nginx",
    "php-fpm",
    "postgres",
    "redis-server",
    "smbd",
    "squid",
    "sshd",
    "traefik",
    "unbound",
    "varnishd",
    "vsftpd",
];

const DOCUMENTATION: &[&str] = &[
    "usr/share/doc/",
    "usr/share/info/",
    "usr/share/licenses/",
    "usr/share/locale/",
    "usr/share/man/",
    "usr/local/share/doc/",
    "usr/local/share/man/",
    "var/cache/",
    "var/lib/apt/lists/",
];

const LIBRARY_FOLDERS: &[&str] = &[
    "lib/",
    "lib64/",
    "lib32/",
    "usr/lib/",
    "usr/lib64/",
    "usr/local/lib/",
];

/// Files and folders whose content decides who may do what.
const SECURITY: &[&str] = &[
    "etc/ca-certificates",
    "etc/group",
    "etc/gshadow",
    "etc/krb5",
    "etc/pam.d/",
    "etc/passwd",
    "etc/pki/",
    "etc/security/",
    "etc/shadow",
    "etc/ssh/",
    "etc/ssl/",
    "etc/sudoers",
];

const KEY_EXTENSIONS: &[&str] = &["jks", "key", "keystore", "p12", "pem", "pfx"];

const CONFIGURATION_EXTENSIONS: &[&str] = &["cfg", "cnf", "conf", "ini", "properties", "service"];

/// Folders of the system: a program or a working folder there makes no application of them.
const SYSTEM_FOLDERS: &[&str] = &[
    "",
    "bin",
    "boot",
    "dev",
    "etc",
    "home",
    "lib",
    "lib32",
    "lib64",
    "opt",
    "proc",
    "root",
    "run",
    "sbin",
    "srv",
    "sys",
    "tmp",
    "usr",
    "usr/bin",
    "usr/games",
    "usr/lib",
    "usr/libexec",
    "usr/local",
    "usr/local/bin",
    "usr/local/lib",
    "usr/local/sbin",
    "usr/sbin",
    "usr/share",
    "usr/src",
    "var",
    "var/lib",
    "var/run",
];

fn begins(path: &[u8], with: &[&str]) -> bool {
    with.iter().any(|prefix| path.starts_with(prefix.as_bytes()))
}

fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or_default()
}

fn has_extension(path: &[u8], extensions: &[&str]) -> bool {
    let mut parts = file_name(path).rsplitn(2, |b| *b == b'.');
    match (parts.next(), parts.next()) {
        (Some(extension), Some(_)) => extensions
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known.as_bytes())),
        _ => false,
    }
}

/// `libssl.so`, `libssl.so.3`, `libssl.so.1.1.1`.
fn is_shared_object(path: &[u8]) -> bool {
    let name = file_name(path);
    let Some(at) = name.windows(3).rposition(|part| part == b".so") else {
        return false;
    };
    let rest = name.get(at + 3..).unwrap_or_default();
    rest.is_empty() || (rest.starts_with(b".") && rest.iter().all(|b| b.is_ascii_digit() || *b == b'.'))
}

fn is_named(path: &[u8], names: &[&str]) -> bool {
    let name = file_name(path);
    names.iter().any(|known| {
        // python3.11, ruby3.1, php8: an interpreter with its version.
        name.strip_prefix(known.as_bytes()).is_some_and(|rest| {
            rest.iter()
                .all(|b| b.is_ascii_digit() || *b == b'.' || *b == b'-')
        })
    })
}

pub(super) fn is_interpreter(path: &[u8]) -> bool {
    is_named(path, INTERPRETERS)
}

/// Whether this program runs what its arguments name.
pub(super) fn starts_others(path: &[u8]) -> bool {
    is_interpreter(path) || is_named(path, STARTERS)
}

pub(super) fn is_documentation(path: &[u8]) -> bool {
    begins(path, DOCUMENTATION)
}

/// Executable, shared object, bytecode or script.
pub(super) fn is_code(path: &[u8], mode: u32) -> bool {
    !is_documentation(path)
        && (mode & EXECUTE != 0 || is_shared_object(path) || has_extension(path, CODE_EXTENSIONS))
}

/// The role a file gives its distribution package.
pub(super) fn of_package_file(path: &[u8], mode: u32) -> Role {
    if is_documentation(path) {
        Role::Documentation
    } else if is_shared_object(path) && begins(path, LIBRARY_FOLDERS) {
        Role::Linked
    } else if mode & EXECUTE == 0 {
        Role::Package
    } else if is_interpreter(path) || is_named(path, SERVICES) {
        Role::Linked
    } else {
        Role::Executable
    }
}

/// The place of a file that belongs to no package and not to the application.
pub(super) fn standing(path: &[u8], mode: u32) -> Standing {
    if is_documentation(path) {
        return Standing::Documentation;
    }
    match of_package_file(path, mode) {
        Role::Package if is_code(path, mode) => Standing::Alone(Role::Executable),
        Role::Package if begins(path, SECURITY) || has_extension(path, KEY_EXTENSIONS) => {
            Standing::Alone(Role::Security)
        }
        Role::Package if path.starts_with(b"etc/") || has_extension(path, CONFIGURATION_EXTENSIONS) => {
            Standing::Alone(Role::Data)
        }
        Role::Package => Standing::Data,
        role => Standing::Alone(role),
    }
}

pub(super) fn is_system_folder(path: &[u8]) -> bool {
    SYSTEM_FOLDERS.iter().any(|folder| path == folder.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code() {
        for path in [
            "app/x.py",
            "usr/lib/libz.so.1.2.13",
            "usr/lib/libz.so",
            "a/B.JAR",
            "x/y.class",
        ] {
            assert!(is_code(path.as_bytes(), 0o644), "{path}");
        }
        for path in [
            "etc/passwd",
            "usr/lib/libz.so.conf",
            "a/so",
            "py",
            "usr/share/doc/x/run.sh",
            "a/.sh.txt",
        ] {
            assert!(!is_code(path.as_bytes(), 0o644), "{path}");
        }
        assert!(is_code(b"usr/bin/true", 0o755));
    }

    #[test]
    fn standings() {
        let cases = [
            ("usr/lib/libz.so.1", 0o644, Standing::Alone(Role::Linked)),
            ("usr/bin/python3.11", 0o755, Standing::Alone(Role::Linked)),
            ("usr/sbin/nginx", 0o755, Standing::Alone(Role::Linked)),
            ("usr/bin/tool", 0o755, Standing::Alone(Role::Executable)),
            ("srv/start.sh", 0o644, Standing::Alone(Role::Executable)),
            ("etc/shadow", 0o640, Standing::Alone(Role::Security)),
            ("srv/tls.key", 0o600, Standing::Alone(Role::Security)),
            ("etc/motd", 0o644, Standing::Alone(Role::Data)),
            ("srv/data.bin", 0o644, Standing::Data),
            ("usr/share/man/man1/x.1.gz", 0o644, Standing::Documentation),
        ];
        for (path, mode, expected) in cases {
            assert_eq!(standing(path.as_bytes(), mode), expected, "{path}");
        }
    }
}
