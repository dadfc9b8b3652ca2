//! Collects notes, but not without bound: a hostile image could cause one for each of its entries.

use super::Note;

/// Notes kept; the rest are counted.
const MOST: usize = 10_000;

/// Bytes of one text.
const MOST_TEXT: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Notes {
    list: Vec<Note>,
    left_out: u64,
}

impl Notes {
    pub(super) fn add(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        if self.list.len() >= MOST {
            self.left_out += 1;
            return;
        }
        self.list.push(Note {
            place: shorten(place.into()),
            reason: shorten(reason.into()),
        });
    }

    pub(super) fn finish(mut self) -> Vec<Note> {
        if self.left_out > 0 {
            let reason = format!("{} more notes are left out", self.left_out);
            self.list.push(Note {
                place: "image".to_owned(),
                reason,
            });
        }
        self.list
    }
}

fn shorten(mut text: String) -> String {
    if text.len() > MOST_TEXT {
        text.truncate(text.floor_char_boundary(MOST_TEXT));
        text.push('…');
    }
    text
}
