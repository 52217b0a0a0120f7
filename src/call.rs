//! Futures that take options by value until they are first polled.
//!
//! A builder that becomes a future only by `.await` cannot be spawned, joined, raced or passed to `block_on`.
//! So each builder holds a [`Lazy`] and is the future itself.

use std::fmt;
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll, ready};

use futures_lite::future::Boxed;

/// The options of a call, and the work that it does.
pub(crate) trait Call: Send + 'static {
    type Output;

    fn call(self) -> impl Future<Output = Self::Output> + Send + 'static;
}

/// A call that starts at its first poll.
pub(crate) enum Lazy<C: Call> {
    /// Options can still be set.
    New(C),
    /// Started. Boxed, so that the builder is [`Unpin`].
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

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<C::Output> {
        *self = match mem::replace(self, Lazy::Over) {
            Lazy::New(call) => Lazy::Begun(Box::pin(call.call())),
            begun => begun,
        };
        let Lazy::Begun(future) = self else {
            panic!("the future was polled after it had returned");
        };
        let outcome = ready!(future.as_mut().poll(cx));
        *self = Lazy::Over;
        Poll::Ready(outcome)
    }
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

/// Declares a builder, the fields of its call, and its output. The call's method `run` does the work.
macro_rules! future {
    (
        $(#[$doc:meta])*
        pub struct $builder:ident($call:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }) -> $output:ty;
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

            fn call(self) -> impl Future<Output = $output> + Send + 'static {
                self.run()
            }
        }

        impl Future for $builder {
            type Output = $output;

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
