//! Where in an event something is.

/// A path such as `properties.items[3].name`, cut where it gets long.
#[derive(Default)]
pub(super) struct Path(pub(super) String);

impl Path {
    const MAX_BYTES: usize = 256;
    const MAX_NAME: usize = 64;

    pub(super) fn push_name(&mut self, name: &str) {
        if self.0.len() >= Self::MAX_BYTES {
            return;
        }
        if !self.0.is_empty() {
            self.0.push('.');
        }
        self.0.extend(name.chars().take(Self::MAX_NAME));
    }

    pub(super) fn push_index(&mut self, index: usize) {
        if self.0.len() < Self::MAX_BYTES {
            self.0.push_str(&format!("[{index}]"));
        }
    }
}
