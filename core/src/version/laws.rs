//! What every scheme must hold to, for the tests of the schemes.

use std::cmp::Ordering;

use super::Definition;

impl Definition {
    pub(super) fn key_of(&self, text: &str) -> Vec<u8> {
        let mut key = Vec::new();
        (self.key)(text, &mut key);
        key
    }

    /// Each row is below the next; the texts of one row are equal.
    #[track_caller]
    pub(super) fn ascends(&self, rows: &[&[&str]]) {
        let texts: Vec<(usize, &str)> = rows
            .iter()
            .enumerate()
            .flat_map(|(row, texts)| texts.iter().map(move |text| (row, *text)))
            .collect();
        for (low, left) in &texts {
            assert_eq!((self.check)(left), Ok(()), "{left:?}");
            for (high, right) in &texts {
                let order = low.cmp(high);
                assert_eq!((self.compare)(left, right), order, "{left:?} and {right:?}");
                assert_eq!(
                    self.key_of(left).cmp(&self.key_of(right)),
                    order,
                    "keys of {left:?} and {right:?}"
                );
            }
        }
    }

    #[track_caller]
    pub(super) fn refuses(&self, texts: &[&str]) {
        for text in texts {
            assert!((self.check)(text).is_err(), "{text:?}");
        }
    }

    /// Turning the texts round turns the answer round, and keys are equal exactly when the texts are.
    #[track_caller]
    pub(super) fn is_an_order_of(&self, left: &str, right: &str) -> Ordering {
        let order = (self.compare)(left, right);
        assert_eq!(
            (self.compare)(right, left),
            order.reverse(),
            "{left:?} and {right:?}"
        );
        assert_eq!((self.compare)(left, left), Ordering::Equal, "{left:?}");
        let equal = self.key_of(left) == self.key_of(right);
        assert_eq!(equal, order.is_eq(), "keys of {left:?} and {right:?}");
        order
    }

    /// The order of keys, which cannot have a cycle, is that of `compare`.
    #[track_caller]
    pub(super) fn is_the_order_of_keys(&self, left: &str, right: &str) {
        if (self.check)(left).is_ok() && (self.check)(right).is_ok() {
            let order = self.is_an_order_of(left, right);
            assert_eq!(
                self.key_of(left).cmp(&self.key_of(right)),
                order,
                "keys of {left:?} and {right:?}"
            );
        }
    }

    /// Texts of this length are read in no time unless time grows with their square.
    #[track_caller]
    pub(super) fn reads_long_texts(&self, heads: &[&str], units: &[&str]) {
        for (head, unit) in heads
            .iter()
            .flat_map(|head| units.iter().map(move |unit| (head, unit)))
        {
            let long = format!("{head}{}", unit.repeat(200_000 / unit.len()));
            let longer = format!("{long}1");
            if (self.check)(&long).is_ok() && (self.check)(&longer).is_ok() {
                self.is_an_order_of(&long, &longer);
            }
        }
    }
}
