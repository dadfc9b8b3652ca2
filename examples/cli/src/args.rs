//! What can be asked, and how.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hullmark::score::Level;

/// Scan containers: what is inside, what is known to be wrong with it, and how that can be proved.
#[derive(Parser)]
#[command(name = "hullmark", version, about, arg_required_else_help = true)]
#[command(after_help = "Exit status: 0 done, 1 a threshold was crossed, 2 bad usage or unreadable input.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Scan images or root filesystems; without a target, the bundled demonstration.
    Scan(Scan),
    /// List the packages of a target.
    Inventory(Inventory),
    /// Match package URLs against advisories (from the command line, or one a line on standard input).
    Match(Match),
    /// Say step by step why an advisory does or does not apply to a package.
    Explain(Explain),
    /// Build and look at advisory databases.
    Db(Db),
    /// Compare versions as their ecosystems do.
    Version(Version),
}

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs; versioned and sorted.
    Json,
}

/// A severity to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Threshold {
    Low,
    Medium,
    High,
    Critical,
}

impl Threshold {
    /// Whether a severity reaches it; what nobody rated counts as reached.
    pub(crate) fn reached(self, level: Level) -> bool {
        let least = match self {
            Self::Low => Level::Low,
            Self::Medium => Level::Medium,
            Self::High => Level::High,
            Self::Critical => Level::Critical,
        };
        level == Level::Unknown || level >= least
    }
}

/// How images are read.
#[derive(Args)]
pub(crate) struct Reading {
    /// Image of a multi-platform index, such as linux/arm64 or linux/arm/v7.
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,
    /// Tag to take where an archive holds several images.
    #[arg(long, value_name = "NAME")]
    pub(crate) image: Option<String>,
    /// Bytes a target may unpack to before it is refused.
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_unpacked: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "Examples:
  hullmark scan                                      the bundled demonstration
  docker save app:1 -o app.tar && hullmark scan app.tar --db osv.hullmark
  hullmark scan app.tar --db osv/npm/all.zip --db osv/Debian/all.zip --format json -o report.json
  hullmark scan ./rootfs --db osv.hullmark --fail-on high")]
pub(crate) struct Scan {
    /// Image archive (docker save, OCI layout; plain, gz, xz, zstd), OCI layout folder, or root filesystem folder.
    /// Several give one report after another.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<PathBuf>,
    /// Advisories: a built database, an OSV zip, a JSON file, or a folder of them. May be repeated.
    #[arg(long, value_name = "PATH")]
    pub(crate) db: Vec<PathBuf>,
    /// Time of the scan (RFC 3339), written into the report.
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    /// Write the output here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// End with status 1 if an open finding is at least this severe (or unrated).
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) fail_on: Option<Threshold>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Args)]
#[command(after_help = "Example:
  hullmark inventory app.tar --format json")]
pub(crate) struct Inventory {
    /// Image archive, OCI layout folder, or root filesystem folder.
    #[arg(value_name = "TARGET")]
    pub(crate) target: PathBuf,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    /// Write the output here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Args)]
#[command(after_help = "Examples:
  hullmark match --db osv.hullmark pkg:npm/minimist@0.0.8 'pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?distro=debian-12&upstream=zlib'
  cat purls.txt | hullmark match --db osv/npm/all.zip")]
pub(crate) struct Match {
    /// Advisories, as for scan.
    #[arg(long, value_name = "PATH", required = true)]
    pub(crate) db: Vec<PathBuf>,
    /// Package URLs; none: one a line on standard input.
    #[arg(value_name = "PURL")]
    pub(crate) purls: Vec<String>,
}

#[derive(Args)]
#[command(after_help = "Example:
  hullmark explain --db osv.hullmark pkg:npm/minimist@1.2.6 CVE-2021-44906")]
pub(crate) struct Explain {
    /// Advisories, as for scan.
    #[arg(long, value_name = "PATH", required = true)]
    pub(crate) db: Vec<PathBuf>,
    /// The package.
    #[arg(value_name = "PURL")]
    pub(crate) purl: String,
    /// Id of the advisory, or one of its aliases.
    #[arg(value_name = "ADVISORY")]
    pub(crate) advisory: String,
    /// Form of the output.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct Db {
    #[command(subcommand)]
    pub(crate) command: DbCommand,
}

#[derive(Subcommand)]
pub(crate) enum DbCommand {
    /// Build one database file from OSV zips, JSON files or folders of them.
    #[command(after_help = "Example:
  hullmark db build -o osv.hullmark osv/")]
    Build {
        /// The file to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Feeds.
        #[arg(value_name = "SOURCE", required = true)]
        sources: Vec<PathBuf>,
    },
    /// Say what a database holds, and check it from end to end.
    Info {
        /// A built database.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Form of the output.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

#[derive(Args)]
#[command(after_help = "Examples:
  hullmark version compare deb 1.0~rc1 1.0        prints <
  hullmark version compare pypi 1.0 1.0.0         prints =")]
pub(crate) struct Version {
    #[command(subcommand)]
    pub(crate) command: VersionCommand,
}

#[derive(Subcommand)]
pub(crate) enum VersionCommand {
    /// Print <, = or >.
    Compare {
        /// Scheme: apk, composer, deb, gem, maven, nuget, pypi, rpm, semver.
        scheme: String,
        /// One version.
        left: String,
        /// The other.
        right: String,
    },
    /// List the schemes and the programs they reproduce.
    Schemes,
}
