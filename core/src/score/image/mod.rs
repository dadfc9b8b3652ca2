//! Score S of an image: S = Σ wᵢ·sᵢ over its files, 0 to 1, higher is better.
//!
//! sᵢ = ∏ (1 − r_f) over the findings charged to file i, with r_f = base·x·v. The weights come from
//! rank and importance: files are ordered by sᵢ ascending, Q(k) = p₍₁₎+…+p₍ₖ₎ over the importances
//! normalised to Σ p = 1, and w₍ₖ₎ = Q(k)^γ − Q(k−1)^γ. So one fatal file is not averaged away by a
//! thousand clean ones, and yet nothing that gets worse raises the score. Files with equal sᵢ share
//! the weight of their group in proportion to p.
//!
//! Files of one component that carry the same findings are one term of the report, with their number
//! and the sums of p and w; by the rule of equal sᵢ this changes nothing.

mod components;
mod degree;
mod entry_point;
mod links;
mod policy;
mod roles;

pub use components::image_score;
pub use policy::{LevelBase, RoleImportance, ScorePolicy, SpecialBase};

use std::collections::BTreeMap;

use serde::Serialize;

use super::arithmetic::{Sum, ln, power};
use crate::{Error, Result};
use degree::{Bound, degree};

/// What a component is in the image; the importance P follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// What starts, and the folder it stands in.
    EntryPoint,
    /// Shared libraries, interpreters, network services.
    Linked,
    /// Other executables.
    Executable,
    /// Credentials and security configuration.
    Security,
    /// Another package.
    Package,
    /// Data.
    Data,
    /// Documentation, locales, caches.
    Documentation,
}

/// A file of a component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComponentFile {
    /// Its path.
    pub path: String,
    /// Executable, shared object, bytecode or script: these share the importance of the component.
    pub is_code: bool,
    /// False where it could not be read, is too large or encrypted.
    pub examined: bool,
}

/// Which files of its component a charge falls on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// All files that share the importance of the component.
    Component,
    /// The file of this path.
    File(String),
}

/// One finding charged to files: r = base·x·v.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// Id of the finding.
    pub id: String,
    /// Other ids of the same flaw: on one file a flaw counts once, with its largest r.
    pub aliases: Vec<String>,
    /// The files it falls on.
    pub target: Target,
    /// How grave it is.
    pub base: f64,
    /// The least it could be, where the severity or the verdict is not known; else `base`.
    pub least: f64,
    /// The most it could be, where the severity or the verdict is not known; else `base`.
    pub most: f64,
    /// x: how likely it is exploited.
    pub exploitation: f64,
    /// v: how far it holds here; 0 where it is set aside.
    pub validity: f64,
    /// Why it is set aside, or undecided.
    pub reason: Option<String>,
}

/// A part of the image whose importance does not depend on its number of files.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Purl without version of a package, path of a single file, or what the files have in common.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// P.
    pub importance: f64,
    /// Its files; without any the pseudo-file `component:<name>` stands for it.
    pub files: Vec<ComponentFile>,
    /// What is charged to them.
    pub charges: Vec<Charge>,
}

/// Score S with all that is needed to recompute it by hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ImageScore {
    /// `image`.
    pub kind: &'static str,
    /// `higher is better`; the range is 0 to 1.
    pub direction: &'static str,
    /// S; absent where it is undefined.
    pub value: Option<f64>,
    /// S if everything undecided were so, unknown severities critical, and files that could not be
    /// examined worth nothing.
    pub low: Option<f64>,
    /// S if nothing undecided were so, unknown severities low, and files that could not be examined
    /// clean.
    pub high: Option<f64>,
    /// Share of the importance that was examined.
    pub coverage: Option<f64>,
    /// Why there is no score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
    /// The terms of the sum, greatest loss first, then by path. Clean files are one term.
    pub terms: Vec<Term>,
    /// Findings that could not be decided; they count in `low` only.
    pub undecided: Vec<Listed>,
    /// Findings that were set aside and count nothing.
    pub set_aside: Vec<Listed>,
    /// Files that could not be examined.
    pub unexamined: Vec<String>,
    /// The parameters.
    pub policy: ScorePolicy,
}

/// One term of the sum: a file, or the files of one component with the same findings.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Term {
    /// The file; the first of several.
    pub path: String,
    /// The other files, at most [`Term::LISTED`] of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// How many files the term stands for.
    pub files: usize,
    /// The component they belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Its role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Their share of the importance, all terms together 1.
    pub p: f64,
    /// Their degree of security.
    pub s: f64,
    /// Their weight, all terms together 1.
    pub w: f64,
    /// w·(1 − s).
    pub loss: f64,
    /// Share of the loss of the image.
    pub share: f64,
    /// The findings; s is the product of their 1 − r.
    pub charges: Vec<TermCharge>,
}

impl Term {
    /// How many paths beside the first a term lists.
    pub const LISTED: usize = 63;
}

/// One finding of a term.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TermCharge {
    /// Id of the finding; `unexamined` for what a file loses that could not be read.
    pub id: String,
    /// How grave.
    pub base: f64,
    /// How likely exploited.
    pub x: f64,
    /// How far valid.
    pub v: f64,
    /// base·x·v, below the policy's limit.
    pub r: f64,
    /// Share of the loss of the term, by −ln(1 − r).
    pub share: f64,
}

/// A finding that is listed beside the sum.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Listed {
    /// The component it concerns.
    pub component: String,
    /// Id of the finding.
    pub id: String,
    /// Why it is listed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Files of one component with the same charges.
struct Group<'a> {
    component: &'a Component,
    path: &'a str,
    also: Vec<&'a str>,
    files: usize,
    importance: f64,
    degree: [f64; 3],
    charges: Vec<TermCharge>,
    examined: bool,
}

impl ImageScore {
    /// Computes S.
    ///
    /// ```
    /// use hullmark::score::image::{Charge, Component, ComponentFile, ImageScore, Role, ScorePolicy, Target};
    ///
    /// let file = |path: &str| ComponentFile { path: path.to_owned(), is_code: true, examined: true };
    /// let library = Component {
    ///     name: "pkg:deb/debian/libssl3".to_owned(),
    ///     role: Role::Linked,
    ///     importance: 4.0,
    ///     files: vec![file("/usr/lib/libssl.so.3"), file("/usr/lib/libcrypto.so.3")],
    ///     charges: vec![Charge {
    ///         id: "CVE-2022-3602".to_owned(),
    ///         aliases: Vec::new(),
    ///         target: Target::Component,
    ///         base: 0.487, // CVSS 7.5
    ///         least: 0.487,
    ///         most: 0.487,
    ///         exploitation: 0.8,
    ///         validity: 1.0,
    ///         reason: None,
    ///     }],
    /// };
    /// let score = ImageScore::compute(&[library], &ScorePolicy::default())?;
    /// assert_eq!(score.value, Some(1.0 - 0.487 * 0.8));
    /// assert_eq!(score.terms[0].files, 2);
    /// # Ok::<(), hullmark::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] naming the component or parameter whose number cannot be used.
    pub fn compute(components: &[Component], policy: &ScorePolicy) -> Result<Self> {
        policy.check()?;
        let mut score = Self::empty(policy);
        let mut groups = Vec::with_capacity(components.len());
        for component in components {
            check(component)?;
            score.list(component);
            group(component, policy, &mut groups);
        }
        score.unexamined.sort();
        score.undecided.sort();
        score.set_aside.sort();
        if groups.is_empty() {
            return Ok(score.because("no files"));
        }
        // Sums are taken in one order, whatever the order of the input.
        groups.sort_by(|a, b| {
            let names = a
                .path
                .cmp(b.path)
                .then_with(|| a.component.name.cmp(&b.component.name));
            names.then_with(|| a.importance.total_cmp(&b.importance))
        });
        let total = groups
            .iter()
            .map(|group| group.importance)
            .collect::<Sum>()
            .value();
        if total <= 0.0 {
            return Ok(score.because("no file has any importance"));
        }
        if !total.is_finite() {
            return Err(Error::Value {
                what: "importance of all components".to_owned(),
                reason: "is not finite".to_owned(),
            });
        }
        let (value, weights) = weigh(&groups, Bound::Value, total, policy.gamma);
        score.value = Some(value);
        score.low = Some(weigh(&groups, Bound::Low, total, policy.gamma).0);
        score.high = Some(weigh(&groups, Bound::High, total, policy.gamma).0);
        let examined = groups.iter().filter(|group| group.examined);
        let examined: Sum = examined.map(|group| group.importance).collect();
        score.coverage = Some((examined.value() / total).clamp(0.0, 1.0));
        score.terms = terms(groups, &weights, total);
        Ok(score)
    }

    /// A score without a value, and why.
    pub fn undefined(policy: &ScorePolicy, reason: &str) -> Self {
        Self::empty(policy).because(reason)
    }

    fn empty(policy: &ScorePolicy) -> Self {
        Self {
            kind: "image",
            direction: "higher is better",
            value: None,
            low: None,
            high: None,
            coverage: None,
            undefined: None,
            terms: Vec::new(),
            undecided: Vec::new(),
            set_aside: Vec::new(),
            unexamined: Vec::new(),
            policy: policy.clone(),
        }
    }

    fn because(mut self, reason: &str) -> Self {
        self.undefined = Some(reason.to_owned());
        self
    }

    fn list(&mut self, component: &Component) {
        for charge in &component.charges {
            let listed = || Listed {
                component: component.name.clone(),
                id: charge.id.clone(),
                reason: charge.reason.clone(),
            };
            if charge.validity == 0.0 {
                self.set_aside.push(listed());
            } else if charge.base == 0.0 && charge.most > 0.0 {
                self.undecided.push(listed());
            }
        }
        let unexamined = component.files.iter().filter(|file| !file.examined);
        self.unexamined.extend(unexamined.map(|file| file.path.clone()));
    }
}

fn check(component: &Component) -> Result<()> {
    let wrong = |what: String, reason: &str| {
        Err(Error::Value {
            what,
            reason: reason.to_owned(),
        })
    };
    if !(component.importance.is_finite() && component.importance >= 0.0) {
        return wrong(
            format!("importance of {}", component.name),
            "must be finite and not negative",
        );
    }
    for charge in &component.charges {
        let Charge {
            base,
            least,
            most,
            exploitation,
            validity,
            ..
        } = *charge;
        if ![base, least, most, exploitation, validity]
            .iter()
            .all(|factor| (0.0..=1.0).contains(factor))
        {
            return wrong(
                format!("charge {} of {}", charge.id, component.name),
                "every factor must lie from 0 to 1",
            );
        }
        if !(least <= base && base <= most) {
            return wrong(
                format!("charge {} of {}", charge.id, component.name),
                "its base must lie between the least and the most it could be",
            );
        }
    }
    Ok(())
}

/// Parts the files of a component by what is charged to them, and divides its importance.
fn group<'a>(component: &'a Component, policy: &ScorePolicy, groups: &mut Vec<Group<'a>>) {
    let mut common = Vec::new();
    let mut own: BTreeMap<&str, Vec<&Charge>> = BTreeMap::new();
    for charge in &component.charges {
        match &charge.target {
            Target::Component => common.push(charge),
            Target::File(path) => own.entry(path).or_default().push(charge),
        }
    }
    let has_code = component.files.iter().any(|file| file.is_code);
    let bears = |file: &ComponentFile| file.is_code || !has_code;
    let bearers = component.files.iter().filter(|file| bears(file)).count();
    let each = component.importance / (bearers.max(1) as f64);

    let new = |path, importance: f64, charges: &[&Charge], examined| {
        let (value, kept) = degree(charges, Bound::Value, examined, policy);
        Group {
            component,
            path,
            also: Vec::new(),
            files: 1,
            importance,
            degree: [
                value,
                degree(charges, Bound::Low, examined, policy).0,
                degree(charges, Bound::High, examined, policy).0,
            ],
            charges: kept,
            examined,
        }
    };
    if component.files.is_empty() {
        // Charges to a file nobody listed fall on what stands for the component.
        let all: Vec<&Charge> = component.charges.iter().collect();
        groups.push(new("", component.importance, &all, true));
        return;
    }
    // The files that carry nothing of their own make one group.
    let mut rest: Option<Group<'a>> = None;
    let mut rest_files = 0usize;
    for file in &component.files {
        let charged = own.remove(file.path.as_str());
        match charged {
            None if file.examined && !bears(file) => {}
            None if file.examined => {
                rest_files += 1;
                match &mut rest {
                    None => rest = Some(new(&file.path, each, &common, true)),
                    Some(group) if group.also.len() < Term::LISTED => group.also.push(&file.path),
                    Some(_) => {}
                }
            }
            charged => {
                let mut charges = charged.unwrap_or_default();
                if bears(file) {
                    charges.extend(&common);
                }
                let importance = if bears(file) { each } else { 0.0 };
                groups.push(new(&file.path, importance, &charges, file.examined));
            }
        }
    }
    if let Some(mut group) = rest {
        group.files = rest_files;
        group.importance = each * rest_files as f64;
        groups.push(group);
    }
    // A file the component does not list shares none of its importance, but is shown.
    for (path, charges) in own {
        groups.push(new(path, 0.0, &charges, true));
    }
}

/// S and the weights in the order of `groups`.
fn weigh(groups: &[Group<'_>], bound: Bound, total: f64, gamma: f64) -> (f64, Vec<f64>) {
    let degree = |at: usize| groups.get(at).map_or(1.0, |group| bound.of(&group.degree));
    let importance = |at: usize| groups.get(at).map_or(0.0, |group| group.importance);
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| degree(*a).total_cmp(&degree(*b)));

    let mut weights = vec![0.0; groups.len()];
    let (mut value, mut passed, mut reached) = (Sum::default(), Sum::default(), 0.0);
    let mut ties = order.chunk_by(|a, b| degree(*a) == degree(*b)).peekable();
    while let Some(tied) = ties.next() {
        let held: Sum = tied.iter().map(|at| importance(*at)).collect();
        let held = held.value();
        passed.add(held);
        // The last weight is what the others leave: their sum is 1 exactly.
        let next = match ties.peek() {
            Some(_) => power((passed.value() / total).min(1.0), gamma).max(reached),
            None => 1.0,
        };
        let weight = next - reached;
        reached = next;
        let Some(first) = tied.first() else { continue };
        value.add(weight * degree(*first));
        for at in tied {
            if let Some(slot) = weights.get_mut(*at)
                && held > 0.0
            {
                *slot = weight * (importance(*at) / held);
            }
        }
    }
    (value.value().clamp(0.0, 1.0), weights)
}

fn terms(groups: Vec<Group<'_>>, weights: &[f64], total: f64) -> Vec<Term> {
    let loss = |group: &Group<'_>, weight: f64| weight * (1.0 - Bound::Value.of(&group.degree));
    let lost: Sum = groups
        .iter()
        .zip(weights)
        .map(|(group, weight)| loss(group, *weight))
        .collect();
    let lost = lost.value();
    let mut terms = Vec::new();
    let (mut clean_files, mut clean_p, mut clean_w) = (0, Sum::default(), Sum::default());
    for (group, &weight) in groups.into_iter().zip(weights) {
        let degree = Bound::Value.of(&group.degree);
        if degree == 1.0 && group.examined {
            clean_files += group.files;
            clean_p.add(group.importance / total);
            clean_w.add(weight);
            continue;
        }
        let loss = loss(&group, weight);
        terms.push(Term {
            path: match group.path {
                "" => format!("component:{}", group.component.name),
                path => path.to_owned(),
            },
            also: group.also.into_iter().map(str::to_owned).collect(),
            files: group.files,
            component: Some(group.component.name.clone()),
            role: Some(group.component.role),
            p: group.importance / total,
            s: degree,
            w: weight,
            loss,
            share: if lost > 0.0 { loss / lost } else { 0.0 },
            charges: group.charges,
        });
    }
    terms.sort_by(|a, b| {
        let by_loss = b.loss.total_cmp(&a.loss);
        by_loss
            .then_with(|| a.path.cmp(&b.path))
            .then_with(|| a.component.cmp(&b.component))
    });
    if clean_files > 0 {
        terms.push(Term {
            path: "clean files".to_owned(),
            also: Vec::new(),
            files: clean_files,
            component: None,
            role: None,
            p: clean_p.value(),
            s: 1.0,
            w: clean_w.value(),
            loss: 0.0,
            share: 0.0,
            charges: Vec::new(),
        });
    }
    terms
}

#[cfg(test)]
mod tests;
