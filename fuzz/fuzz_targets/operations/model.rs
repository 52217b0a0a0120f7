//! The file in memory, or what it may be: a future that was dropped may have had its effect.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, SeekFrom};
use std::path::Path;

/// The most that one write takes.
const WRITE: usize = 128 * 1024;

/// A large read at an offset may be short.
const READ_AT: usize = 256 * 1024;

/// More states than this would take long to follow.
const MANY: usize = 8;

#[derive(Debug, Clone, PartialEq)]
struct State {
    data: Vec<u8>,
    position: usize,
    /// How many reads and seeks were dropped, each of which may have found an end of the file that
    /// counts once more, even if the file has grown since.
    dropped: usize,
}

impl State {
    fn write_at(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if !bytes.is_empty() {
            self.data.resize(self.data.len().max(end), 0);
            self.data[offset..end].copy_from_slice(bytes);
        }
    }

    fn write(mut self, bytes: &[u8]) -> State {
        self.write_at(bytes, self.position);
        self.position += bytes.len();
        self
    }

    fn at(&self, position: usize) -> State {
        let mut state = self.clone();
        state.position = position;
        state
    }

    /// Returns the position after a seek in a file that ends at `end`.
    fn target(&self, to: SeekFrom, end: usize) -> Option<usize> {
        let from = |start: usize, by: i64| start.checked_add_signed(isize::try_from(by).ok()?);
        match to {
            SeekFrom::Start(offset) => usize::try_from(offset).ok(),
            SeekFrom::Current(by) => from(self.position, by),
            SeekFrom::End(by) => from(end, by),
        }
    }
}

pub struct States {
    states: Vec<State>,
    /// Whether writes that were dropped may have had an effect.
    through: bool,
    /// Where the file ended before it grew.
    ends: BTreeSet<usize>,
}

impl States {
    pub fn new(data: Vec<u8>, through: bool) -> States {
        States {
            states: vec![State {
                data,
                position: 0,
                dropped: 0,
            }],
            through,
            ends: BTreeSet::new(),
        }
    }

    /// Returns `true` if there are so many states that the right one should be determined now.
    pub fn are_many(&self) -> bool {
        self.states.len() > MANY
    }

    /// Keeps what each state becomes, if it is possible.
    #[track_caller]
    fn advance(&mut self, after: impl Fn(&State) -> Option<State>) {
        let before = self
            .states
            .iter()
            .map(|state| (state.data.len(), state.position));
        let before: Vec<_> = before.collect();
        self.states = self.states.iter().filter_map(after).collect();
        assert!(
            !self.states.is_empty(),
            "impossible after {before:?} (size, position)"
        );
    }

    /// Each state may have become another one, or not.
    fn perhaps(&mut self, after: impl Fn(&State) -> Option<State>) {
        if self.through {
            let others: Vec<State> = self.states.iter().filter_map(after).collect();
            for other in others {
                if !self.states.contains(&other) {
                    self.states.push(other);
                }
            }
        }
    }

    /// `taken` tells how much of the rest of the file was taken, if that is what can have been found.
    #[track_caller]
    pub fn read(
        &mut self,
        found: Option<io::Result<&[u8]>>,
        taken: impl Fn(&[u8], &[u8]) -> Option<usize>,
    ) {
        let Some(found) = found else {
            for state in &mut self.states {
                state.dropped += 1;
            }
            return;
        };
        let found = found.expect("no fault");
        let until = |state: &State, end: usize| {
            let data = &state.data[..end.min(state.data.len())];
            let rest = data.get(state.position..).unwrap_or_default();
            Some(state.at(state.position + taken(rest, found)?))
        };
        let ends = self.ends.clone();
        self.advance(|state| {
            until(state, usize::MAX).or_else(|| {
                let mut after = ends.iter().find_map(|&end| until(state, end))?;
                after.dropped = after.dropped.checked_sub(1)?;
                Some(after)
            })
        });
    }

    #[track_caller]
    pub fn write(&mut self, written: io::Result<usize>, bytes: &[u8]) {
        let written = written.expect("no fault");
        assert_eq!(written == 0, bytes.is_empty());
        self.advance(|state| Some(state.clone().write(&bytes[..written])));
    }

    pub fn dropped_write(&mut self, bytes: &[u8]) {
        let taken = &bytes[..bytes.len().min(WRITE)];
        self.perhaps(|state| Some(state.clone().write(taken)));
    }

    #[track_caller]
    pub fn seek(&mut self, result: Option<io::Result<u64>>, to: SeekFrom) {
        let target = |state: &State| state.target(to, state.data.len());
        let Some(result) = result else {
            for state in &mut self.states {
                state.dropped += 1;
            }
            return self.perhaps(|state| Some(state.at(target(state)?)));
        };
        let found = result.map(|position| usize::try_from(position).expect("a small file"));
        if let Err(error) = &found {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        let ends = self.ends.clone();
        self.advance(|state| {
            let mut after = state.at(*found.as_ref().unwrap_or(&state.position));
            if target(state) != found.as_ref().ok().copied() {
                let from = |&end: &usize| state.target(to, end) == found.as_ref().ok().copied();
                ends.iter().find(|end| from(end))?;
                after.dropped = after.dropped.checked_sub(1)?;
            }
            Some(after)
        });
    }

    #[track_caller]
    pub fn read_at(&mut self, read: Option<io::Result<usize>>, buf: &[u8], offset: u64) {
        if let Some(read) = read {
            let read = read.expect("no fault");
            self.advance(|state| {
                let rest = state.data.get(offset as usize..).unwrap_or_default();
                let all = rest.len().min(buf.len()).min(READ_AT);
                (rest.starts_with(&buf[..read]) && read >= all).then(|| state.clone())
            });
        }
    }

    #[track_caller]
    pub fn write_at(&mut self, written: Option<io::Result<usize>>, bytes: &[u8], offset: u64) {
        if let Some(written) = written {
            assert_eq!(written.expect("no fault"), bytes.len());
            self.states
                .iter_mut()
                .for_each(|state| state.write_at(bytes, offset as usize));
        }
    }

    #[track_caller]
    pub fn set_len(&mut self, result: Option<io::Result<()>>, size: usize) {
        if let Some(result) = result {
            result.expect("no fault");
            self.states
                .iter_mut()
                .for_each(|state| state.data.resize(size, 0));
        }
    }

    #[track_caller]
    pub fn size(&mut self, size: Option<io::Result<u64>>) {
        if let Some(size) = size {
            let size = size.expect("no fault");
            self.advance(|state| (state.data.len() as u64 == size).then(|| state.clone()));
        }
    }

    /// Everything that was written is in the file at this path, if the operation came to an end.
    #[track_caller]
    pub fn done(&mut self, result: Option<io::Result<()>>, path: &Path) {
        if let Some(result) = result {
            result.expect("no fault");
            self.contents(path);
        }
    }

    /// The file is what it is seen to be from outside.
    #[track_caller]
    pub fn contents(&mut self, path: &Path) {
        let contents = fs::read(path).expect("the file");
        self.advance(|state| (state.data == contents).then(|| state.clone()));
    }

    pub fn grow(&mut self, bytes: &[u8]) {
        for state in &mut self.states {
            self.ends.insert(state.data.len());
            state.data.extend_from_slice(bytes);
        }
    }

    /// The file has been opened anew.
    pub fn rewind(&mut self) {
        for state in &mut self.states {
            state.position = 0;
            state.dropped = 0;
        }
        self.ends.clear();
    }
}

/// With its end; empty if there is none.
pub fn first_line(rest: &[u8]) -> &[u8] {
    let mut lines = rest.split_inclusive(|&byte| byte == b'\n');
    lines.next().unwrap_or_default()
}
