//! Fairness: how much a thread does without waiting before its executor gets a turn.
//!
//! There is one budget per thread, charged by every answer that was given without waiting, by any file, path or
//! directory. With a budget per file, a task that goes from file to file would never yield.
//!
//! A poll that finds the budget used up wakes its task and returns `Pending`. The next round begins when the
//! executor has had its turn. No executor reports that, but it can be concluded:
//!
//! - One poller was refused, and polls again: its task was polled again.
//! - Pollers with one waker were refused, and one of them polls again: a combinator such as `join_all`, which
//!   polls each of its children once in a poll of its own.
//! - Pollers with several wakers were refused. They are tasks of an executor, or children of a
//!   `FuturesUnordered`, which returns `Pending` after two of them. Its owner may go on with new children all
//!   the same, as `for_each_concurrent` does, so a number of them is refused before the next round. For tasks
//!   of an executor that is one turn too many.

use std::cell::Cell;
use std::future;
use std::task::{Context, Poll};

/// The bytes of one round, about 100 µs of copying.
const LIMIT: u32 = 1024 * 1024;

/// The minimum charge of an answer: 128 answers use up the budget.
const ANSWER: u32 = LIMIT / 128;

/// The number of refusals after which a new round begins if there were several wakers. Two make a
/// `FuturesUnordered` return. Every third time it is many, for owners that go on. Always many would cost 8 % of
/// the time of 1,000 tasks that read a file each.
const STRANGERS: [u32; 3] = [2, 2, 50];

/// The number of refusals after which a new round begins if there was one waker: more than the 30 children that
/// `join_all` polls one after the other. This is for a task that creates new futures and polls each of them
/// once.
const SIBLINGS: u32 = 64;

thread_local! {
    static SPENT: Cell<u32> = const { Cell::new(0) };
    static ROUND: Cell<Round> = const { Cell::new(Round::FIRST) };
}

/// The current round of a thread, and the pollers that were refused in it.
#[derive(Clone, Copy)]
struct Round {
    number: u32,
    refused: u32,
    wakers: Wakers,
}

/// The refused wakers, identified by the addresses of their parts.
#[derive(Clone, Copy, PartialEq)]
enum Wakers {
    None,
    One(usize, usize),
    Several,
}

impl Round {
    const FIRST: Round = Round {
        number: 1,
        refused: 0,
        wakers: Wakers::None,
    };
}

/// The state of one poller: the round in which it was refused.
#[derive(Debug, Default)]
pub(crate) struct Share {
    refused_in: u32,
}

impl Share {
    /// Returns `Pending` once in each round if the budget of this thread is used up.
    #[inline]
    pub(crate) fn poll_proceed(&mut self, cx: &Context<'_>) -> Poll<()> {
        if is_left() {
            return Poll::Ready(());
        }
        self.poll_next_round(cx)
    }

    #[cold]
    fn poll_next_round(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut round = ROUND.get();
        let (data, vtable) = (cx.waker().data(), cx.waker().vtable());
        let waker = Wakers::One(data.addr(), std::ptr::from_ref(vtable).addr());
        round.wakers = match round.wakers {
            Wakers::None => waker,
            wakers if wakers == waker => waker,
            _ => Wakers::Several,
        };
        let is_over = match round.wakers {
            Wakers::Several => round.refused >= STRANGERS[round.number as usize % 3],
            _ => round.refused >= SIBLINGS || self.refused_in == round.number,
        };
        if is_over {
            ROUND.set(Round {
                number: round.number.wrapping_add(1).max(1),
                ..Round::FIRST
            });
            SPENT.set(0);
            return Poll::Ready(());
        }
        round.refused += 1;
        self.refused_in = round.number;
        ROUND.set(round);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Returns `true` unless the budget of this thread is used up.
#[inline]
pub(crate) fn is_left() -> bool {
    SPENT.get() < LIMIT
}

/// Charges an answer of `bytes` bytes that was given on the caller's thread.
#[inline]
pub(crate) fn charge(bytes: usize) {
    let cost = u32::try_from(bytes).unwrap_or(LIMIT).clamp(ANSWER, LIMIT);
    SPENT.set(SPENT.get().saturating_add(cost));
}

/// Charges a copy of `bytes` bytes that is part of an answer, which is charged itself.
pub(crate) fn charge_copy(bytes: usize) {
    let cost = u32::try_from(bytes).unwrap_or(LIMIT);
    SPENT.set(SPENT.get().saturating_add(cost.saturating_sub(ANSWER)));
}

/// Yields to the executor if the budget is used up.
pub(crate) async fn proceed() {
    let mut share = Share::default();
    future::poll_fn(|cx| share.poll_proceed(cx)).await;
}

/// Charges an answer of `bytes` bytes, and yields to the executor if the budget is used up.
pub(crate) async fn spend(bytes: usize) {
    charge(bytes);
    proceed().await;
}
