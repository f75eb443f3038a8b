//! JSON text to tape: checked in full, nothing copied.

use super::tape::{Kind, Node, Tape};

/// Objects and lists within each other.
pub(crate) const MAX_DEPTH: usize = 128;

/// Why a text is not JSON, or not JSON that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not valid JSON at this byte.
    Syntax(usize),
    /// The text ends too early.
    Truncated,
    /// Deeper than [`MAX_DEPTH`].
    Depth,
    /// Half of a surrogate pair, which no text can hold.
    LoneSurrogate,
    /// Longer than a tape can address.
    Length,
}

/// Reads one JSON value; nothing but white space may follow it.
pub(crate) fn parse(text: &str, tape: &mut Tape) -> Result<(), Fault> {
    tape.reset();
    if u32::try_from(text.len()).is_err() {
        return Err(Fault::Length);
    }
    Parser { bytes: text.as_bytes(), at: 0, depth: 0, tape }.document()
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many objects and lists are open.
    depth: usize,
    tape: &'a mut Tape,
}

impl Parser<'_> {
    fn document(mut self) -> Result<(), Fault> {
        self.skip_space();
        loop {
            let is_open = self.value()?;
            if is_open {
                continue;
            }
            if self.follow()? {
                return Ok(());
            }
        }
    }

    /// Reads a value, or the beginning of an object or list that is not empty: then the next value
    /// comes first.
    fn value(&mut self) -> Result<bool, Fault> {
        match self.peek()? {
            b'"' => self.text()?,
            b'{' => {
                self.open(Kind::Object)?;
                if self.peek()? == b'}' {
                    self.close();
                } else {
                    self.name()?;
                    return Ok(true);
                }
            }
            b'[' => {
                self.open(Kind::List)?;
                if self.peek()? == b']' {
                    self.close();
                } else {
                    return Ok(true);
                }
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.literal(b"true", Kind::True)?,
            b'f' => self.literal(b"false", Kind::False)?,
            b'n' => self.literal(b"null", Kind::Null)?,
            _ => return Err(Fault::Syntax(self.at)),
        }
        Ok(false)
    }

    /// What follows a value: closing brackets, then a comma and the next value, or the end. Tells
    /// whether the document is complete.
    fn follow(&mut self) -> Result<bool, Fault> {
        loop {
            self.skip_space();
            if self.depth == 0 {
                return if self.at == self.bytes.len() {
                    Ok(true)
                } else {
                    Err(Fault::Syntax(self.at))
                };
            }
            let container = self.tape.innermost;
            let is_object = self.tape.nodes[container as usize].kind == Kind::Object;
            match (self.peek()?, is_object) {
                (b',', _) => {
                    self.at += 1;
                    self.skip_space();
                    if is_object {
                        self.name()?;
                    }
                    return Ok(false);
                }
                (b'}', true) | (b']', false) => self.close(),
                _ => return Err(Fault::Syntax(self.at)),
            }
        }
    }

    fn open(&mut self, kind: Kind) -> Result<(), Fault> {
        let index = self.push(kind, self.at, 0);
        if self.depth >= MAX_DEPTH {
            return Err(Fault::Depth);
        }
        self.depth += 1;
        // Until it is closed, it says in place of its end what it is in.
        self.tape.nodes[index as usize].next = self.tape.innermost;
        self.tape.innermost = index;
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        let next = self.tape.nodes.len();
        self.depth -= 1;
        let node = &mut self.tape.nodes[self.tape.innermost as usize];
        self.tape.innermost = node.next;
        node.end = offset(self.at);
        node.next = offset(next);
    }

    /// The name of a field and the colon behind it.
    fn name(&mut self) -> Result<(), Fault> {
        if self.peek()? != b'"' {
            return Err(Fault::Syntax(self.at));
        }
        self.text()?;
        self.skip_space();
        if self.peek()? != b':' {
            return Err(Fault::Syntax(self.at));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn text(&mut self) -> Result<(), Fault> {
        let start = self.at + 1;
        let mut at = start;
        let mut kind = Kind::Text;
        loop {
            at = plain_end(self.bytes, at);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    kind = Kind::EscapedText;
                    at = escape(self.bytes, at)?;
                }
                Some(_) => return Err(Fault::Syntax(at)),
                None => return Err(Fault::Truncated),
            }
        }
        self.push(kind, start, at);
        self.at = at + 1;
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let mut at = start + usize::from(self.bytes[start] == b'-');
        match self.bytes.get(at) {
            Some(b'0') => at += 1,
            Some(b'1'..=b'9') => at = digits_end(self.bytes, at),
            Some(_) => return Err(Fault::Syntax(at)),
            None => return Err(Fault::Truncated),
        }
        if self.bytes.get(at) == Some(&b'.') {
            at = self.digits(at + 1)?;
        }
        if matches!(self.bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            at += usize::from(matches!(self.bytes.get(at), Some(b'+' | b'-')));
            at = self.digits(at)?;
        }
        self.push(Kind::Number, start, at);
        self.at = at;
        Ok(())
    }

    /// At least one digit.
    fn digits(&self, at: usize) -> Result<usize, Fault> {
        let end = digits_end(self.bytes, at);
        match end {
            _ if end > at => Ok(end),
            _ if end == self.bytes.len() => Err(Fault::Truncated),
            _ => Err(Fault::Syntax(end)),
        }
    }

    fn literal(&mut self, word: &[u8], kind: Kind) -> Result<(), Fault> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word) {
            self.push(kind, self.at, self.at + word.len());
            self.at += word.len();
            return Ok(());
        }
        if word.starts_with(rest) { Err(Fault::Truncated) } else { Err(Fault::Syntax(self.at)) }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) -> u32 {
        let index = offset(self.tape.nodes.len());
        self.tape.nodes.push(Node {
            kind,
            start: offset(start),
            end: offset(end),
            next: index + 1,
        });
        index
    }

    fn peek(&self) -> Result<u8, Fault> {
        self.bytes.get(self.at).copied().ok_or(Fault::Truncated)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }
}

/// Texts are at most `u32::MAX` bytes long, and every node stands for at least one byte.
#[expect(clippy::cast_possible_truncation, reason = "checked once, before parsing")]
fn offset(value: usize) -> u32 {
    value as u32
}

fn digits_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Where the run of bytes ends that stand for themselves in a string: eight at a time.
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    while let Some(chunk) = bytes.get(at..at + 8).and_then(|chunk| chunk.try_into().ok()) {
        let word = u64::from_le_bytes(chunk);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let escapes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = quotes | escapes | controls;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte < 0x20 || matches!(byte, b'"' | b'\\') {
            break;
        }
        at += 1;
    }
    at
}

/// Behind the escape that begins at `at`.
fn escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            let unit = hex(bytes, at + 2)?;
            match unit {
                0xD800..=0xDBFF => {
                    if bytes.get(at + 6..at + 8) != Some(b"\\u") {
                        return Err(Fault::LoneSurrogate);
                    }
                    match hex(bytes, at + 8)? {
                        0xDC00..=0xDFFF => Ok(at + 12),
                        _ => Err(Fault::LoneSurrogate),
                    }
                }
                0xDC00..=0xDFFF => Err(Fault::LoneSurrogate),
                _ => Ok(at + 6),
            }
        }
        Some(_) => Err(Fault::Syntax(at + 1)),
        None => Err(Fault::Truncated),
    }
}

/// Four hexadecimal digits.
fn hex(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    let mut unit = 0;
    for at in at..at + 4 {
        let byte = bytes.get(at).ok_or(Fault::Truncated)?;
        let digit = char::from(*byte).to_digit(16).ok_or(Fault::Syntax(at))?;
        unit = unit * 16 + digit;
    }
    Ok(unit)
}
