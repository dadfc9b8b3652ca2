//! The degree of security of a file: s = ∏ (1 − r), each flaw once.

use std::collections::BTreeSet;

use super::{Charge, ScorePolicy, TermCharge, ln};

/// Which of the three scores is computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Value,
    /// The lower end of the interval: everything open is taken at its worst.
    Low,
    /// The upper end: everything open is taken at its best.
    High,
}

impl Bound {
    fn base(self, charge: &Charge) -> f64 {
        match self {
            Self::Value => charge.base,
            Self::Low => charge.most,
            Self::High => charge.least,
        }
    }

    /// What a file that could not be examined loses: it may hold anything, or nothing.
    fn unexamined(self, policy: &ScorePolicy) -> f64 {
        match self {
            Self::Value => policy.eta,
            Self::Low => 1.0,
            Self::High => 0.0,
        }
    }

    pub(super) fn of(self, degrees: &[f64; 3]) -> f64 {
        let [value, low, high] = *degrees;
        match self {
            Self::Value => value,
            Self::Low => low,
            Self::High => high,
        }
    }
}

/// s of a file, and its findings that lower it, gravest first.
pub(super) fn degree(
    charges: &[&Charge],
    bound: Bound,
    examined: bool,
    policy: &ScorePolicy,
) -> (f64, Vec<TermCharge>) {
    let risk = |charge: &Charge| {
        let risk = bound.base(charge) * charge.exploitation * charge.validity;
        risk.min(policy.risk_limit)
    };
    let mut ranked: Vec<(f64, &Charge)> = charges.iter().map(|charge| (risk(charge), *charge)).collect();
    ranked.retain(|(risk, _)| *risk > 0.0);
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));

    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut degree = 1.0;
    let mut kept = Vec::with_capacity(ranked.len());
    for (r, charge) in ranked {
        let known = |id: &String| seen.contains(id.as_str());
        let again = known(&charge.id) || charge.aliases.iter().any(known);
        seen.insert(&charge.id);
        seen.extend(charge.aliases.iter().map(String::as_str));
        if again {
            continue;
        }
        degree *= 1.0 - r;
        kept.push(TermCharge {
            id: charge.id.clone(),
            base: bound.base(charge),
            x: charge.exploitation,
            v: charge.validity,
            r,
            share: 0.0,
        });
    }
    if !examined {
        let r = bound.unexamined(policy);
        degree *= 1.0 - r;
        kept.push(TermCharge {
            id: "unexamined".to_owned(),
            base: r,
            x: 1.0,
            v: 1.0,
            r,
            share: 0.0,
        });
    }
    if bound == Bound::Value {
        share_out(&mut kept);
    }
    (degree, kept)
}

/// Divides the loss of a file among its findings by −ln(1 − r).
fn share_out(charges: &mut [TermCharge]) {
    let all: f64 = charges.iter().map(|charge| -ln(1.0 - charge.r)).sum();
    if all > 0.0 && all.is_finite() {
        for charge in charges {
            charge.share = -ln(1.0 - charge.r) / all;
        }
    }
}
