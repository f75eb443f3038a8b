//! The times that customers had an e-mail.

use std::collections::{BTreeMap, BTreeSet};

use super::{Moment, speaker};

/// The times that customers had an e-mail: one ends and another begins where a contact that spoke
/// goes to another e-mail, or one comes from there.
#[derive(Default)]
pub(super) struct Stays {
    pub(super) all: Vec<Vec<Moment>>,
    /// Stays that ended because their contact went elsewhere.
    pub(super) left: BTreeMap<(i64, String), usize>,
    /// Stays that began because their contact came from elsewhere.
    pub(super) came: BTreeMap<(i64, String), usize>,
}

impl Stays {
    /// Adds the moments of an e-mail; those who left any e-mail, and who came to any, are given.
    pub(super) fn add(
        &mut self,
        moments: Vec<Moment>,
        left: &BTreeSet<(i64, String)>,
        came: &BTreeSet<(i64, String)>,
    ) {
        let mut stay: Vec<Moment> = Vec::new();
        for moment in moments {
            let at = |contact: &str| (moment.observed_at, contact.to_owned());
            let spoke = speaker(stay.last().and_then(|last| last.state.as_ref())).map(at);
            let speaks = speaker(moment.state.as_ref()).map(at);
            let (spoke, speaks) = if spoke == speaks { (None, None) } else { (spoke, speaks) };
            let goes = spoke.filter(|key| came.contains(key));
            let comes = speaks.filter(|key| left.contains(key));
            if goes.is_some() || comes.is_some() {
                if !stay.is_empty() {
                    self.left.extend(goes.map(|key| (key, self.all.len())));
                    stay.push(Moment { state: None, is_restated: false, ..moment });
                    self.all.push(std::mem::take(&mut stay));
                }
                self.came.extend(comes.map(|key| (key, self.all.len())));
            }
            if moment.state.is_some() || !stay.is_empty() {
                stay.push(moment);
            }
        }
        if !stay.is_empty() {
            self.all.push(stay);
        }
    }
}
