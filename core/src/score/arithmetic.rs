//! Arithmetic that gives the same bits on every machine.
//!
//! Addition, multiplication, division and the square root are fixed to the last bit by IEEE 754;
//! `powf`, `ln` and `exp` are those of the platform's library and differ. Scores are compared and
//! digested, so what they need is built from the former here.

/// Natural logarithm of a positive, normal number.
pub(super) fn ln(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    // x = m · 2^e with m in [√½, √2).
    let bits = x.to_bits();
    let mut exponent = f64::from(u32::try_from(bits >> 52 & 0x7ff).unwrap_or_default()) - 1023.0;
    let mut mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1.0;
    }
    // ln m = 2 artanh z, a series in z² ≤ 0.0295: twelve terms pass the last bit.
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let mut sum = 0.0;
    for odd in (0..12).rev() {
        sum = sum * z * z + 1.0 / f64::from(2 * odd + 1);
    }
    exponent * std::f64::consts::LN_2 + 2.0 * z * sum
}

/// e^x, for x ≤ 0.
fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let twos = (x / std::f64::consts::LN_2).round();
    let rest = x - twos * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for n in (1..20).rev() {
        sum = 1.0 + sum * rest / f64::from(n);
    }
    let mut halves = -twos;
    while halves >= 1.0 {
        sum *= 0.5;
        halves -= 1.0;
    }
    sum
}

/// q^γ for q in [0, 1] and γ in (0, 1]; the usual exponents need no series.
pub(super) fn power(q: f64, gamma: f64) -> f64 {
    if q <= 0.0 {
        0.0
    } else if q >= 1.0 {
        1.0
    } else if gamma == 1.0 {
        q
    } else if gamma == 0.5 {
        q.sqrt()
    } else if gamma == 0.25 {
        q.sqrt().sqrt()
    } else {
        exp(gamma * ln(q)).min(1.0)
    }
}

/// A sum with its rounding errors kept apart (Neumaier).
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(super) fn add(&mut self, value: f64) {
        let total = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() {
            (self.sum - total) + value
        } else {
            (value - total) + self.sum
        };
        self.sum = total;
    }

    pub(super) fn value(self) -> f64 {
        self.sum + self.lost
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut sum = Self::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(power(0.0, 0.3), 0.0);
        assert_eq!(power(1.0, 0.3), 1.0);
        assert_eq!(power(0.0625, 0.25), 0.5);
        let tenths: Sum = std::iter::repeat_n(0.1, 1_000_000).collect();
        assert_eq!(tenths.value(), 100_000.0);
    }

    proptest! {
        #[test]
        fn agrees_with_the_library(x in 1e-12f64..1.0, gamma in 0.01f64..1.0) {
            prop_assert!((ln(x) - x.ln()).abs() <= 4e-15 * x.ln().abs().max(1.0));
            prop_assert!((power(x, gamma) - x.powf(gamma)).abs() <= 1e-14);
        }

        #[test]
        fn power_never_falls(a in 0.0f64..1.0, step in 1e-9f64..0.1, gamma in 0.01f64..1.0) {
            prop_assert!(power(a, gamma) <= power((a + step).min(1.0), gamma));
        }
    }
}
