//! The values of a JSON text, in order, as ranges of the text.

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    Text,
    /// A text that holds escapes.
    EscapedText,
    List,
    Object,
}

/// One value, or the name of a field before its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// The text of the value; of a string what stands between the quotes.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The node behind this one and everything in it; of an object or list that is being read, the
    /// one around it.
    pub(crate) next: u32,
}

/// What [`Event::parse`](crate::Event::parse) writes into. Keep one for each thread and hand it in
/// again: after the first events it no longer allocates.
#[derive(Debug)]
pub struct Tape {
    pub(crate) nodes: Vec<Node>,
    /// The innermost object or list that is open. Its [`Node::next`] is the one around it.
    pub(crate) innermost: u32,
}

/// What the outermost object or list is in.
const NOTHING: u32 = u32::MAX;

impl Default for Tape {
    fn default() -> Self {
        Self { nodes: Vec::new(), innermost: NOTHING }
    }
}

impl Tape {
    /// A tape for an answer of the API.
    pub(crate) fn for_answer(body: &[u8]) -> Self {
        let nodes = Vec::with_capacity((body.len() / 6).clamp(8, 512));
        Self { nodes, innermost: NOTHING }
    }

    /// The objects and lists that are open, outermost first.
    pub(crate) fn open(&self) -> Vec<u32> {
        let around = |index: &u32| self.nodes.get(*index as usize).map(|node| node.next);
        let mut open: Vec<u32> = std::iter::successors(Some(self.innermost), around).collect();
        // The last one is nothing.
        open.pop();
        open.reverse();
        open
    }

    /// Memory that a single huge line has taken is given back.
    pub(crate) fn reset(&mut self) {
        const MAX_KEPT: usize = 1 << 16;
        self.nodes.clear();
        self.innermost = NOTHING;
        if self.nodes.capacity() > MAX_KEPT {
            self.nodes.shrink_to(MAX_KEPT);
        }
    }
}
