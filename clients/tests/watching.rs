//! notify: a watcher sees what is done to files here, as it sees what others do.

use std::path::PathBuf;

use anyfile::Path;
use anyfile_clients::{Dir, assert_same, contents, create, noise, open, run};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures_lite::AsyncWriteExt;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// The events of a directory.
struct Watch {
    events: UnboundedReceiver<notify::Result<Event>>,
    // It ends with the watcher.
    _watcher: RecommendedWatcher,
}

impl Watch {
    fn new(dir: &Dir) -> Watch {
        let (sender, events) = unbounded();
        let mut watcher = notify::recommended_watcher(move |event| {
            // The test may be over by now.
            let _ = sender.unbounded_send(event);
        })
        .expect("a watcher");
        watcher
            .watch(dir.path(), RecursiveMode::NonRecursive)
            .expect("the directory is watched");
        Watch {
            events,
            _watcher: watcher,
        }
    }

    /// Waits for an event of a file. Those of others, and other ones, are passed by: what a system tells
    /// besides is its own affair.
    async fn sees(&mut self, path: &std::path::Path, is: impl Fn(&EventKind) -> bool) {
        // Some systems tell the path without symbolic links.
        let is_named = |named: &PathBuf| named.file_name() == path.file_name();
        loop {
            let event = self.events.next().await.expect("the watcher is there");
            let event = event.expect("an event");
            if is(&event.kind) && event.paths.iter().any(is_named) {
                return;
            }
        }
    }
}

#[test]
fn a_file_that_is_written() {
    let (dir, bytes) = (Dir::new(), noise(200_000));
    let path = dir.join("file");
    run(async {
        let mut watch = Watch::new(&dir);
        let mut file = create(&path).await.unwrap();
        watch.sees(&path, EventKind::is_create).await;
        file.write_all(&bytes).await.unwrap();
        file.flush().await.unwrap();
        watch.sees(&path, EventKind::is_modify).await;
        // Whoever was told may read it.
        let mut read = Vec::new();
        open(&path)
            .await
            .unwrap()
            .read_to_end(&mut read)
            .await
            .unwrap();
        assert_same(read, &bytes, "read");
        file.close().await.unwrap();
    });
    assert_same(contents(path), bytes, "the file");
}

/// Programs that wait for whole files wait for this event, which Linux alone has.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_closed() {
    use notify::event::{AccessKind, AccessMode};
    let (dir, bytes) = (Dir::new(), noise(10_000));
    let is_whole =
        |kind: &EventKind| *kind == EventKind::Access(AccessKind::Close(AccessMode::Write));
    run(async {
        let mut watch = Watch::new(&dir);
        for (name, close) in [("closed", true), ("dropped", false)] {
            let path = dir.join(name);
            let mut file = create(&path).await.unwrap();
            file.write_all(&bytes).await.unwrap();
            if close {
                file.close().await.unwrap();
            } else {
                drop(file);
            }
            watch.sees(&path, is_whole).await;
            assert_same(contents(&path), &bytes, name);
        }
    });
}

#[test]
fn a_file_that_is_replaced_as_a_whole() {
    let (dir, bytes) = (Dir::new(), noise(10_000));
    let path = dir.file("file", "old");
    run(async {
        let mut watch = Watch::new(&dir);
        Path::new(&path).write_atomic(bytes.clone()).await.unwrap();
        watch
            .sees(&path, |kind| kind.is_modify() || kind.is_create())
            .await;
        assert_same(contents(&path), &bytes, "the file");
    });
}

#[test]
fn a_file_that_is_removed() {
    let dir = Dir::new();
    let path = dir.file("file", "old");
    run(async {
        let mut watch = Watch::new(&dir);
        Path::new(&path).unlink().await.unwrap();
        watch.sees(&path, EventKind::is_remove).await;
    });
}
