//! Texts that wait for their turn in an output.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

/// File without a name that holds waiting texts.
#[derive(Default)]
pub struct Spool {
    file: Option<File>,
    end: u64,
}

/// A text that waits.
pub enum Spooled {
    /// In the file: its start and its length.
    Stored(u64, usize),
    /// In memory, since the file cannot be written.
    Held(Vec<u8>),
}

impl Spool {
    /// Stores a text.
    pub fn put(&mut self, text: Vec<u8>) -> Spooled {
        if text.is_empty() {
            return Spooled::Held(text);
        }
        match self.store(&text) {
            Ok(start) => Spooled::Stored(start, text.len()),
            Err(_) => Spooled::Held(text),
        }
    }

    fn store(&mut self, text: &[u8]) -> io::Result<u64> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let start = file.seek(SeekFrom::Start(self.end))?;
        file.write_all(text)?;
        self.end += text.len() as u64;
        Ok(start)
    }

    /// Returns a stored text.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn take(&mut self, text: Spooled) -> io::Result<Vec<u8>> {
        let (start, length) = match text {
            Spooled::Held(text) => return Ok(text),
            Spooled::Stored(start, length) => (start, length),
        };
        let mut text = vec![0; length];
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut text)?;
        Ok(text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_in_any_order() {
        let mut spool = Spool::default();
        let texts = [b"one".to_vec(), Vec::new(), vec![b'x'; 100_000], b"four".to_vec()];
        let mut stored: Vec<_> = texts.iter().map(|text| Some(spool.put(text.clone()))).collect();
        for at in [2, 0, 3, 1] {
            assert_eq!(spool.take(stored[at].take().unwrap()).unwrap(), texts[at], "{at}");
        }
        assert!(matches!(spool.put(b"five".to_vec()), Spooled::Stored(100_007, 4)));
    }
}
