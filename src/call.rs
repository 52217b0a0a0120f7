//! Futures that take options by value until they are first polled.
//!
//! A builder that becomes a future only by `.await` cannot be spawned, joined, raced or passed to `block_on`.
//! So each builder holds a [`Lazy`] and is the future itself. A call that the caller's thread can answer has no other
//! future: creating, boxing and moving one takes a tenth of the time in which a cached file is opened.

use std::fmt;
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll, ready};

use futures_lite::future::Boxed;

use crate::budget;

/// The options of a call, and the work that it does.
pub(crate) trait Call: Send + 'static {
    type Output: Send + 'static;

    fn start(self) -> Start<Self::Output>;
}

/// How a call starts.
pub(crate) enum Start<R> {
    /// With its end: the caller's thread had the answer, which is charged to the budget.
    Answered(R),
    /// Boxed, so that the builder is [`Unpin`].
    Waits(Boxed<R>),
}

impl<R> Start<R> {
    /// Starts with an answer of `bytes` bytes.
    pub(crate) fn answered(answer: R, bytes: usize) -> Start<R> {
        budget::charge(bytes);
        Start::Answered(answer)
    }

    pub(crate) fn waits(call: impl Future<Output = R> + Send + 'static) -> Start<R> {
        Start::Waits(Box::pin(call))
    }
}

/// A call that starts at its first poll.
pub(crate) enum Lazy<C: Call> {
    /// Options can still be set.
    New(C),
    /// Started.
    Begun(Boxed<C::Output>),
    /// Completed.
    Over,
}

impl<C: Call> Lazy<C> {
    /// Returns the options, for a setter.
    #[track_caller]
    pub(crate) fn options(&mut self) -> &mut C {
        match self {
            Lazy::New(call) => call,
            Lazy::Begun(_) | Lazy::Over => too_late(),
        }
    }

    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<C::Output> {
        if let Lazy::New(_) = self {
            if let Lazy::New(call) = mem::replace(self, Lazy::Over) {
                match call.start() {
                    Start::Answered(answer) if budget::is_left() => return Poll::Ready(answer),
                    Start::Answered(answer) => *self = Lazy::Begun(Box::pin(late(answer))),
                    Start::Waits(future) => *self = Lazy::Begun(future),
                }
            }
        }
        self.poll_begun(cx)
    }

    fn poll_begun(&mut self, cx: &mut Context<'_>) -> Poll<C::Output> {
        let Lazy::Begun(future) = self else {
            panic!("the future was polled after it had returned");
        };
        let outcome = ready!(future.as_mut().poll(cx));
        *self = Lazy::Over;
        Poll::Ready(outcome)
    }
}

/// Returns `answer` after the executor had its turn.
async fn late<R>(answer: R) -> R {
    budget::proceed().await;
    answer
}

/// Panics in a setter: an option that is set too late must not be silently ignored.
#[cold]
#[track_caller]
pub(crate) fn too_late() -> ! {
    panic!("an option was set after the first poll");
}

/// A call that panicked panics again if it is polled again. Nothing else of its state can be observed.
impl<C: Call> UnwindSafe for Lazy<C> {}
impl<C: Call> RefUnwindSafe for Lazy<C> {}

impl<C: Call + fmt::Debug> fmt::Debug for Lazy<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lazy::New(call) => call.fmt(f),
            Lazy::Begun(_) => f.write_str("begun"),
            Lazy::Over => f.write_str("over"),
        }
    }
}

/// Declares a builder, the fields of its call, and its output. The call's method `run` does the work; or its method
/// `start`, if the output says `by start`.
macro_rules! future {
    (
        $(#[$doc:meta])*
        pub struct $builder:ident($call:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }) -> $output:ty;
    ) => {
        $crate::call::future! {
            $(#[$doc])*
            pub struct $builder($call {
                $($(#[$field_doc])* $field: $type,)*
            }) -> $output, by start;
        }

        impl $call {
            fn start(self) -> $crate::call::Start<$output> {
                $crate::call::Start::waits(self.run())
            }
        }
    };
    (
        $(#[$doc:meta])*
        pub struct $builder:ident($call:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }) -> $output:ty, by start;
    ) => {
        $(#[$doc])*
        #[must_use = "futures do nothing unless they are awaited"]
        #[derive(Debug)]
        pub struct $builder($crate::call::Lazy<$call>);

        #[derive(Debug)]
        struct $call {
            $($(#[$field_doc])* $field: $type,)*
        }

        impl $crate::call::Call for $call {
            type Output = $output;

            #[inline]
            fn start(self) -> $crate::call::Start<$output> {
                $call::start(self)
            }
        }

        impl Future for $builder {
            type Output = $output;

            #[inline]
            fn poll(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<$output> {
                self.0.poll(cx)
            }
        }
    };
}
pub(crate) use future;
