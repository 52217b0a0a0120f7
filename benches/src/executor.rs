//! The executors that the contestants run on.

use std::future::Future;
use std::sync::LazyLock;

use futures::task::LocalSpawnExt;
use futures_lite::future;
use tokio::runtime::{Builder, Runtime};

/// An executor. Runtimes that have to be built are built once, and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executor {
    /// `futures_lite::future::block_on`, with the `LocalExecutor` of smol for many tasks: one thread.
    Lite,
    /// `smol::block_on`, which polls smol's reactor too, and its global executor for many tasks.
    Smol,
    /// The current-thread runtime of tokio.
    TokioCurrent,
    /// The multi-thread runtime of tokio with a worker for each core.
    TokioMulti,
    /// The current-thread runtime of tokio with its I/O driver, for sockets. In a build with
    /// `--cfg tokio_unstable`, that driver has files use io_uring, too.
    TokioNet,
    /// The global runtime of async-std.
    AsyncStd,
    /// The `LocalPool` of `futures`.
    LocalPool,
    /// `pollster::block_on`, which has no tasks: many are joined into one.
    Pollster,
    /// The runtime of compio, on io_uring.
    Compio,
}

static TOKIO_CURRENT: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().build();
    runtime.expect("tokio's current-thread runtime")
});

static TOKIO_MULTI: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread().build();
    runtime.expect("tokio's multi-thread runtime")
});

static TOKIO_NET: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_current_thread();
    builder.enable_io();
    #[cfg(tokio_unstable)]
    builder.enable_io_uring();
    let runtime = builder.build();
    runtime.expect("tokio's current-thread runtime with sockets")
});

thread_local! {
    static COMPIO: Result<compio::runtime::Runtime, String> = ring();
}

/// Creates a runtime whose driver is io_uring, or returns why that is impossible.
fn ring() -> Result<compio::runtime::Runtime, String> {
    let runtime =
        compio::runtime::Runtime::new().map_err(|error| format!("no io_uring: {error}"))?;
    match runtime.driver_type() {
        compio::driver::DriverType::IoUring => Ok(runtime),
        other => Err(format!("no io_uring, but {other:?}")),
    }
}

impl Executor {
    /// The name of tokio's contestant on `TokioNet`.
    pub const TOKIO_NET: &str = if cfg!(tokio_unstable) {
        "tokio io_uring"
    } else {
        "tokio current"
    };

    /// Returns the runtimes of tokio for files, as their contestants are called: that with the I/O driver only
    /// where it makes a difference.
    pub fn tokio() -> impl Iterator<Item = (&'static str, Executor)> {
        let runtimes = [
            ("tokio current", Executor::TokioCurrent),
            ("tokio multi", Executor::TokioMulti),
            (Executor::TOKIO_NET, Executor::TokioNet),
        ];
        let count = if cfg!(tokio_unstable) { 3 } else { 2 };
        runtimes.into_iter().take(count)
    }

    /// Returns why this executor cannot be used here, or `None` if it can.
    pub fn unavailable(self) -> Option<String> {
        match self {
            Executor::Compio => COMPIO.with(|runtime| runtime.as_ref().err().cloned()),
            // tokio itself would use its threads then.
            Executor::TokioNet if cfg!(tokio_unstable) => Executor::Compio.unavailable(),
            _ => None,
        }
    }

    /// Runs a future to its end.
    pub fn block_on<F: Future>(self, future: F) -> F::Output {
        match self {
            Executor::Lite => future::block_on(future),
            Executor::Smol => smol::block_on(future),
            Executor::TokioCurrent => TOKIO_CURRENT.block_on(future),
            Executor::TokioMulti => TOKIO_MULTI.block_on(future),
            Executor::TokioNet => TOKIO_NET.block_on(future),
            Executor::AsyncStd => async_std::task::block_on(future),
            Executor::LocalPool => futures::executor::LocalPool::new().run_until(future),
            Executor::Pollster => pollster::block_on(future),
            Executor::Compio => COMPIO.with(|runtime| match runtime {
                Ok(runtime) => runtime.block_on(future),
                Err(reason) => panic!("{reason}"),
            }),
        }
    }

    /// Runs many futures as a task each, and returns what they return.
    pub fn run_tasks<F>(self, futures: Vec<F>) -> Vec<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        match self {
            Executor::Lite => {
                let executor = smol::LocalExecutor::new();
                let tasks = futures.into_iter().map(|future| executor.spawn(future));
                let tasks = tasks.collect();
                future::block_on(executor.run(all(tasks)))
            }
            Executor::Smol => {
                self.block_on(async { all(futures.into_iter().map(smol::spawn).collect()).await })
            }
            Executor::TokioCurrent | Executor::TokioMulti | Executor::TokioNet => {
                self.block_on(async {
                    let tasks = futures.into_iter().map(tokio::spawn).collect();
                    let outputs = all(tasks).await.into_iter();
                    outputs.map(|output| output.expect("a task")).collect()
                })
            }
            Executor::AsyncStd => self.block_on(async {
                all(futures.into_iter().map(async_std::task::spawn).collect()).await
            }),
            Executor::LocalPool => {
                let mut pool = futures::executor::LocalPool::new();
                let spawner = pool.spawner();
                let tasks = futures
                    .into_iter()
                    .map(|future| spawner.spawn_local_with_handle(future));
                let tasks = tasks.map(|task| task.expect("a task")).collect();
                pool.run_until(all(tasks))
            }
            Executor::Pollster => self.block_on(futures::future::join_all(futures)),
            Executor::Compio => self.run_local_tasks(futures),
        }
    }

    /// Runs futures that stay on this thread as a task each: compio's are of this kind.
    pub fn run_local_tasks<F>(self, futures: Vec<F>) -> Vec<F::Output>
    where
        F: Future + 'static,
    {
        assert_eq!(self, Executor::Compio);
        self.block_on(async {
            let tasks = futures.into_iter().map(compio::runtime::spawn).collect();
            let outputs = all(tasks).await.into_iter();
            outputs.map(|output| output.expect("a task")).collect()
        })
    }
}

/// Awaits all tasks, and returns their outputs in order.
async fn all<T: Future>(tasks: Vec<T>) -> Vec<T::Output> {
    let mut outputs = Vec::with_capacity(tasks.len());
    for task in tasks {
        outputs.push(task.await);
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::Executor;

    #[test]
    fn every_executor_runs_every_task() {
        for executor in [
            Executor::Lite,
            Executor::Smol,
            Executor::TokioCurrent,
            Executor::TokioMulti,
            Executor::TokioNet,
            Executor::AsyncStd,
            Executor::LocalPool,
            Executor::Pollster,
            Executor::Compio,
        ] {
            if let Some(reason) = executor.unavailable() {
                println!("{executor:?}: {reason}");
                continue;
            }
            let tasks = (0..100).map(async |i| {
                futures_lite::future::yield_now().await;
                i
            });
            let outputs = executor.run_tasks(tasks.collect());
            assert_eq!(outputs, (0..100).collect::<Vec<_>>(), "{executor:?}");
        }
    }
}
