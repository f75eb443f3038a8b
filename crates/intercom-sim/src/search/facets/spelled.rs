//! The texts of a field, one behind the other.

use crate::parallel::Round;
use crate::search::filter::{Found, Place, Searchable, Source};
use crate::workspace::Workspace;
use crate::workspace::table::Slot;

/// Longer texts are left where they are: so many bytes a row on average.
const MAX_LENGTH: usize = 40;
/// How many rows a piece has: as many as a word has bits.
const PIECE: usize = 64;

/// The texts of a field in lower case, in pieces of 64 rows.
///
/// A piece without what is looked for is told at one glance, and as a rule almost all are.
#[derive(Debug, Clone, Default)]
pub(super) struct Spelled {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Default)]
struct Piece {
    /// The texts of all rows.
    text: Box<str>,
    /// Where the text of each row ends.
    ends: Box<[u32]>,
}

impl Spelled {
    /// Reads a field of every row; `None` when its texts are too long, or lists.
    pub(super) fn read<R: Searchable>(
        source: &Source,
        workspace: &Workspace,
        now: i64,
    ) -> Option<Self> {
        let table = R::table(workspace);
        let parts = Round::over(table.n_slots()).each(|part| {
            let (mut pieces, mut length) = (Vec::new(), 0);
            for start in part.clone().step_by(PIECE) {
                let end = start.saturating_add(64).min(part.end);
                let mut spelling = Spelling::default();
                for slot in start..end {
                    let row = table.get(slot);
                    let found = row.map_or(Found::Missing, |row| row.read(source, workspace, now));
                    spelling.push(&found)?;
                }
                length += spelling.text.len();
                if length > MAX_LENGTH * part.len() {
                    return None;
                }
                pieces.push(spelling.finish());
            }
            Some(pieces)
        });
        let pieces: Vec<Vec<Piece>> = parts.into_iter().collect::<Option<_>>()?;
        Some(Self { pieces: pieces.into_iter().flatten().collect() })
    }

    /// Brings one row in step; `false` when its value is a list.
    pub(super) fn update(&mut self, slot: Slot, found: &Found<'_>) -> bool {
        let (place, row) = (slot as usize / PIECE, slot as usize % PIECE);
        if self.pieces.len() <= place {
            self.pieces.resize(place + 1, Piece::default());
        }
        let piece = &mut self.pieces[place];
        let mut spelling = Spelling::default();
        for other in 0..piece.ends.len().max(row + 1) {
            let text = piece.row(other).unwrap_or_default();
            let pushed = if other == row { spelling.push(found) } else { spelling.put(text) };
            if pushed.is_none() {
                return false;
            }
        }
        *piece = spelling.finish();
        true
    }

    /// Which of the rows of a word, among those that are given as bits, have a text with this in it.
    pub(super) fn narrow(&self, word: usize, given: u64, place: Place, needle: &str) -> u64 {
        let Some(piece) = self.pieces.get(word).filter(|piece| piece.text.contains(needle)) else {
            return 0;
        };
        let rows = (0..PIECE).filter(|row| given >> row & 1 == 1);
        let has = |row: &usize| piece.row(*row).is_some_and(|text| place.matches(text, needle));
        rows.filter(has).fold(0, |found, row| found | 1 << row)
    }
}

impl Piece {
    fn row(&self, row: usize) -> Option<&str> {
        let start = row.checked_sub(1).map_or(Some(&0), |before| self.ends.get(before))?;
        self.text.get(*start as usize..*self.ends.get(row)? as usize)
    }
}

/// A piece that is being written.
#[derive(Default)]
struct Spelling {
    text: String,
    ends: Vec<u32>,
}

impl Spelling {
    /// Adds the text of a value, as a comparison sees it.
    fn push(&mut self, found: &Found<'_>) -> Option<()> {
        match found {
            Found::Text(text) => self.put(&text.to_lowercase()),
            Found::Whole(number) => self.put(&number.to_string()),
            Found::Missing | Found::Fraction(_) | Found::Bool(_) => self.put(""),
            Found::Texts(_) => None,
        }
    }

    fn put(&mut self, text: &str) -> Option<()> {
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).ok()?);
        Some(())
    }

    fn finish(self) -> Piece {
        Piece { text: self.text.into(), ends: self.ends.into() }
    }
}
