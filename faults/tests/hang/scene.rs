//! One operation on a filesystem that hangs, and a ticker that records how long it is held up.

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyfile::Path;
use anyfile_faults::{Caching, Counts, Mount};
use futures_lite::future::{self, Boxed};
use smol::{LocalExecutor, Timer};
use tempfile::TempDir;

/// How long the filesystem hangs.
pub(crate) const HANG: Duration = Duration::from_millis(2500);

/// What an operation may hold the other tasks up: a tenth of the hang.
pub(crate) const MOST: Duration = Duration::from_millis(250);

/// What the drop of a file that was written may take.
pub(crate) const DROP: Duration = Duration::from_secs(1);

/// An operation of the library.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) act: Act,
    /// The titles of the plays in which the drop of what was written may wait, as is documented.
    pub(crate) waits_in: &'static [&'static str],
}

type Act = Box<dyn Fn(Arc<Scene>) -> Boxed<io::Result<()>> + Send + Sync>;

/// Where an operation takes place: a tree on the filesystem, and a local directory with links to it.
pub(crate) struct Scene {
    pub(crate) mount: Mount,
    local: TempDir,
    hang: Option<String>,
    begun: Mutex<Option<Moment>>,
    /// What the server was asked for the operation, without what was asked to check it.
    asked: Mutex<Option<Counts>>,
    kept: Mutex<Vec<Box<dyn Any + Send>>>,
}

/// What is put aside when it is dropped, until the server has answered.
pub(crate) struct Kept<T: Send + 'static> {
    value: Option<T>,
    scene: Arc<Scene>,
}

/// How the hang ends for the operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    /// The server answers.
    Answered,
    /// The future is dropped, then the executor.
    Dropped,
    /// The server dies.
    Killed,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The longest time between two ticks, less what the machine was to blame for.
    pub(crate) gap: Duration,
    /// The same in full.
    pub(crate) whole_gap: Duration,
    pub(crate) result: io::Result<()>,
    /// How often the server was asked what.
    pub(crate) asked: BTreeMap<String, u64>,
    /// Requests that hung, and that still did in the end.
    pub(crate) hung: u64,
    pub(crate) hanging: u64,
}

impl Scene {
    /// Starts a server: no other filesystem may hang meanwhile, since a new process closes, before it begins,
    /// a copy of every open file.
    pub(crate) fn new(caching: Caching, hang: Option<&str>) -> io::Result<Scene> {
        let scene = Scene {
            mount: Mount::new(env!("CARGO_BIN_EXE_hangfs"), caching)?,
            local: tempfile::tempdir()?,
            hang: hang.map(str::to_owned),
            begun: Mutex::new(None),
            asked: Mutex::new(None),
            kept: Mutex::new(Vec::new()),
        };
        Ok(scene)
    }

    fn furnish(&self, caching: Caching) -> io::Result<()> {
        let (mount, local) = (self.mount.path(), self.local.path());
        std::fs::write(mount.join("file"), contents())?;
        std::fs::write(mount.join("small"), "small\n")?;
        for dir in ["dir/inner", "empty", "tree/branch"] {
            std::fs::create_dir_all(mount.join(dir))?;
        }
        for file in ["dir/inner/file", "dir/a.txt", "dir/b.txt", "tree/leaf"] {
            std::fs::write(mount.join(file), "leaf\n")?;
        }
        std::fs::write(local.join("file"), "local\n")?;
        for (link, target) in [("link", "file".into()), ("out", local.join("file"))] {
            std::os::unix::fs::symlink(target, mount.join(link))?;
        }
        std::os::unix::fs::symlink(mount, local.join("way"))?;
        match caching {
            Caching::Nothing => Ok(()),
            Caching::Names | Caching::Everything => warm(mount),
        }
    }

    /// Fills a directory with more than is read of it at once.
    pub(crate) fn crowd(&self, dir: &str) -> io::Result<()> {
        let dir = self.mount.path().join(dir);
        (0..2000).try_for_each(|number| {
            let name = format!("a name of some length {number}");
            std::os::unix::fs::symlink("nowhere", dir.join(name))
        })
    }

    /// Returns a path on the filesystem.
    pub(crate) fn path(&self, name: &str) -> Path {
        Path::new(self.mount.path()) / name
    }

    /// Returns the path through a symbolic link in a local directory.
    pub(crate) fn way(&self, name: &str) -> Path {
        self.local("way") / name
    }

    pub(crate) fn local(&self, name: &str) -> Path {
        Path::new(self.local.path()) / name
    }

    /// From here on, the filesystem hangs.
    pub(crate) fn begin(&self) {
        self.mount.forget();
        if let Some(requests) = &self.hang {
            self.mount.hang(requests, HANG);
        }
        *lock(&self.begun) = Some(Moment::now());
    }

    /// What is asked from here on only checks what the operation did.
    pub(crate) fn check(&self) {
        if self.hang.is_none() {
            *lock(&self.asked) = Some(self.mount.counts());
        }
    }

    /// Keeps a value beyond the future that uses it.
    pub(crate) fn keep<T: Send + 'static>(self: &Arc<Self>, value: T) -> Kept<T> {
        Kept {
            value: Some(value),
            scene: self.clone(),
        }
    }

    /// Waits until a request hangs, or until it is clear that none will.
    async fn until_hung(&self) {
        for _ in 0..100 {
            if self.mount.counts().hanging > 0 {
                // Whatever else can go on does so now.
                Timer::after(Duration::from_millis(50)).await;
                return;
            }
            Timer::after(Duration::from_millis(5)).await;
        }
    }

    /// Ticks until dropped, and notes the longest time between two ticks since the hang began.
    async fn tick(&self, gaps: &Gaps) {
        let mut last = Moment::now();
        loop {
            let begun = lock(&self.begun).unwrap_or_else(Moment::now);
            gaps.note(last.max(begun));
            last = Moment::now();
            Timer::after(TICK).await;
        }
    }
}

const TICK: Duration = Duration::from_millis(10);

/// The time in which another thread's ticker ran as it should, in microseconds. On a busy machine, it is
/// slower than the clock on the wall.
static UNDISTURBED: AtomicU64 = AtomicU64::new(0);

/// Keeps that time, for as long as this process lives.
pub(crate) fn keep_time() {
    std::thread::spawn(|| {
        future::block_on(async {
            loop {
                let begin = Instant::now();
                Timer::after(TICK).await;
                let passed = begin.elapsed().min(2 * TICK).as_micros() as u64;
                UNDISTURBED.fetch_add(passed, Ordering::Relaxed);
            }
        })
    });
}

/// A moment by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    wall: Instant,
    undisturbed: Duration,
}

impl Moment {
    fn now() -> Moment {
        Moment {
            wall: Instant::now(),
            undisturbed: Duration::from_micros(UNDISTURBED.load(Ordering::Relaxed)),
        }
    }
}

/// The longest times between two moments, by both clocks.
#[derive(Default)]
struct Gaps {
    wall: Cell<Duration>,
    undisturbed: Cell<Duration>,
}

impl Gaps {
    fn note(&self, since: Moment) {
        let now = Moment::now();
        let longer = |cell: &Cell<Duration>, gap| cell.set(cell.get().max(gap));
        longer(&self.wall, now.wall - since.wall);
        longer(&self.undisturbed, now.undisturbed - since.undisturbed);
    }
}

impl<T: Send + 'static> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("there until dropped")
    }
}

impl<T: Send + 'static> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("there until dropped")
    }
}

impl<T: Send + 'static> Drop for Kept<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            lock(&self.scene.kept).push(Box::new(value));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns an error if `truth` is `false`.
pub(crate) fn ensure(truth: bool) -> io::Result<()> {
    if truth {
        Ok(())
    } else {
        Err(io::Error::other("a wrong answer"))
    }
}

/// Returns the contents of the file `file`, which is long enough to be read ahead.
pub(crate) fn contents() -> String {
    (0..60_000)
        .map(|number| format!("line {number}\n"))
        .collect()
}

/// Has the kernel look at everything.
fn warm(dir: &std::path::Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let found = std::fs::symlink_metadata(&path)?;
        if found.is_dir() {
            warm(&path)?;
        } else if found.is_symlink() {
            std::fs::read_link(&path)?;
        } else {
            std::fs::read(&path)?;
            std::fs::metadata(&path)?;
        }
    }
    Ok(())
}

/// Lets an operation meet a hang, on an executor of one thread.
pub(crate) fn play(
    operation: &Operation,
    scene: Arc<Scene>,
    caching: Caching,
    ending: Ending,
) -> Outcome {
    scene.furnish(caching).expect("the scene is furnished");
    let gaps = Rc::new(Gaps::default());
    let executor = LocalExecutor::new();
    let ticker = {
        let (scene, gaps) = (scene.clone(), gaps.clone());
        executor.spawn(async move { scene.tick(&gaps).await })
    };
    let act = (operation.act)(scene.clone());
    let (result, ended) = future::block_on(executor.run(async {
        // The ticker comes first.
        Timer::after(TICK).await;
        let result = meet(&scene, act, ending).await;
        // Time for it to notice what held it up last.
        Timer::after(2 * TICK).await;
        let ended = Moment::now();
        (result, ended)
    }));
    drop(ticker);
    drop(executor);
    gaps.note(ended);
    let counts = match ending {
        Ending::Killed => Counts::default(),
        Ending::Answered | Ending::Dropped => {
            // What the operation has left to the pool reaches the server meanwhile.
            std::thread::sleep(Duration::from_millis(50));
            let counts = scene.mount.counts();
            scene.mount.release();
            counts
        }
    };
    lock(&scene.kept).clear();
    Outcome {
        gap: gaps.undisturbed.get(),
        whole_gap: gaps.wall.get(),
        result,
        hung: counts.hung,
        hanging: counts.hanging,
        asked: lock(&scene.asked).take().unwrap_or(counts).asked,
    }
}

/// Does what an operation does until the hang ends for it.
async fn meet(
    scene: &Scene,
    act: impl Future<Output = io::Result<()>>,
    ending: Ending,
) -> io::Result<()> {
    match ending {
        Ending::Answered => act.await,
        Ending::Dropped => {
            let hung = async {
                scene.until_hung().await;
                Ok(())
            };
            future::or(act, hung).await
        }
        Ending::Killed => {
            let kill = async {
                scene.until_hung().await;
                scene.mount.kill();
            };
            // Whatever the answer: there is one.
            let (_, ()) = future::zip(act, kill).await;
            Ok(())
        }
    }
}
