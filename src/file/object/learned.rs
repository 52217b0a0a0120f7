//! A value that is known from the start, or learned once.

use std::sync::OnceLock;

/// What is known from the start takes no synchronization: initializing a [`OnceLock`] takes 20 ns, and a file is opened
/// in little more than a microsecond.
pub(super) enum Learned<T> {
    Known(T),
    Later(OnceLock<T>),
}

impl<T> Learned<T> {
    pub(super) fn new(known: Option<T>) -> Learned<T> {
        known.map_or_else(|| Learned::Later(OnceLock::new()), Learned::Known)
    }

    #[inline]
    pub(super) fn get(&self) -> Option<&T> {
        match self {
            Learned::Known(value) => Some(value),
            Learned::Later(value) => value.get(),
        }
    }

    pub(super) fn get_or_learn(&self, learn: impl FnOnce() -> T) -> &T {
        match self {
            Learned::Known(value) => value,
            Learned::Later(value) => value.get_or_init(learn),
        }
    }
}
