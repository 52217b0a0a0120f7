//! Fairness: how much a thread answers on the spot before its executor gets a turn.
//!
//! One budget per thread, charged by every answer that needed no waiting, of whatever file, path or
//! directory. A budget per file would let a task that goes from file to file run for ever.
//!
//! A poll that finds the budget used up returns `Pending`, with its task woken again. The next round begins
//! when the executor has had its turn. No executor tells that, but it can be concluded:
//!
//! * One poller was refused, and polls again: its task was polled again.
//! * Pollers with one waker were refused, and one of them polls again: a combinator such as `join_all`, which
//!   polls each of its children once in a poll of its own.
//! * Pollers with several wakers were refused. They are tasks of an executor, or children of a
//!   `FuturesUnordered`, which returns `Pending` after two of them. Who drives it may go on with new
//!   children all the same, as `for_each_concurrent` does. So a number of them is refused before the next
//!   round; for tasks of an executor that is one turn too many.

use std::cell::Cell;
use std::future;
use std::task::{Context, Poll};

/// Bytes answered on the spot in one round: about 100 µs of copying.
const LIMIT: u32 = 1024 * 1024;

/// What an answer costs at least, so that 128 of them also use up the budget.
const ANSWER: u32 = LIMIT / 128;

/// Refusals after which a round begins that has seen several wakers: two make a `FuturesUnordered` return, and
/// every third time many, for those who drive one on. Many each time would cost 8 % of the time of 1,000
/// tasks that read a file each.
const STRANGERS: [u32; 3] = [2, 2, 50];

/// Refusals with one waker after which a round begins: more than the 30 children that `join_all` polls one
/// after the other. This is for a task that makes new futures and polls each of them once.
const SIBLINGS: u32 = 64;

thread_local! {
    static SPENT: Cell<u32> = const { Cell::new(0) };
    static ROUND: Cell<Round> = const { Cell::new(Round::FIRST) };
}

/// The present round of a thread, and who was refused in it.
#[derive(Clone, Copy)]
struct Round {
    number: u32,
    refused: u32,
    wakers: Wakers,
}

/// The wakers that were refused, as the addresses of their parts.
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

/// What one of those who share the budget remembers: the round in which it was refused.
#[derive(Debug, Default)]
pub(crate) struct Share {
    refused_in: u32,
}

impl Share {
    /// `Pending`, once in each round, if the budget of this thread is used up.
    #[inline]
    pub(crate) fn poll_proceed(&mut self, cx: &Context<'_>) -> Poll<()> {
        if SPENT.get() < LIMIT {
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

/// Charges an answer of `bytes` bytes that was given on the spot.
#[inline]
pub(crate) fn charge(bytes: usize) {
    let cost = u32::try_from(bytes).unwrap_or(LIMIT).clamp(ANSWER, LIMIT);
    SPENT.set(SPENT.get().saturating_add(cost));
}

/// Charges a copy of `bytes` bytes that belongs to an answer which was charged already.
pub(crate) fn charge_copy(bytes: usize) {
    let cost = u32::try_from(bytes).unwrap_or(LIMIT);
    SPENT.set(SPENT.get().saturating_add(cost.saturating_sub(ANSWER)));
}

/// Waits for a turn of the executor if the budget is used up.
pub(crate) async fn proceed() {
    let mut share = Share::default();
    future::poll_fn(|cx| share.poll_proceed(cx)).await;
}

/// Charges an answer of `bytes` bytes, then waits for a turn of the executor if the budget is used up.
pub(crate) async fn spend(bytes: usize) {
    charge(bytes);
    proceed().await;
}
