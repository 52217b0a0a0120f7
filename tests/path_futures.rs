//! The futures of `Path` are `Send`, `'static` and lazy. Dropping one cancels a call that has not started.

#![cfg(unix)]

mod common;

use std::fs::{self, FileTimes, Permissions};
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path as StdPath, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Waker};
use std::time::Duration;

use anyfile::Path;
use futures_lite::future::{self, block_on};

use common::{Dir, with_one_thread};

/// Accepts only futures that are `Send` and `'static`.
fn made(future: impl Future + Send + 'static) {
    drop(future);
}

/// Creates each future from values that are dropped before it.
macro_rules! table {
    ($($path:ident . $method:ident ( $($argument:expr),* ) $(. $option:ident ( $value:expr ))*;)+) => {
        $({
            let future = {
                let $path = $path.clone();
                $path.$method($($argument),*)$(.$option($value))*
            };
            made(future);
        })+
    };
}

/// Describes everything that can be seen of a directory.
fn snapshot(dir: &StdPath) -> String {
    let output = Command::new("ls").arg("-lAR").arg(dir).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn all_are_send_and_static_and_do_nothing_unpolled() {
    let dir = Dir::new();
    dir.file("file", "contents");
    fs::create_dir(dir.join("empty")).unwrap();
    let before = snapshot(dir.path());
    let (file, new) = (Path::new(dir.join("file")), Path::new(dir.join("new")));
    let empty = Path::new(dir.join("empty"));
    table! {
        file.read_bytes();
        file.read_text();
        file.write_bytes(&vec![0; 3][..]);
        file.write_text(String::from("text").as_str());
        new.write_bytes("").parents(true);
        new.write_text("").parents(true);
        file.write_atomic(&[0_u8; 3][..]);
        file.write_atomic("").mode(0o600).sync(false).no_replace(true);
        file.open_atomic().mode(0o600).sync(false).no_replace(true).parents(true);
        file.open().write(true).truncate(true);
        new.open().write(true).create(true).parents(true);
        file.metadata();
        file.symlink_metadata();
        file.exists();
        file.try_exists();
        file.is_file();
        file.is_dir();
        file.is_symlink();
        file.is_junction();
        file.is_mount();
        file.is_socket();
        file.is_fifo();
        file.is_block_device();
        file.is_char_device();
        file.samefile(&String::from("a"));
        new.mkdir().parents(true).exist_ok(true).mode(0o700);
        new.touch().exist_ok(false).mode(0o600);
        file.touch();
        file.unlink().missing_ok(true);
        empty.rmdir().missing_ok(true);
        empty.remove_dir_all();
        file.remove().missing_ok(true).on_progress(drop);
        file.copy("a").parents(true).filter(|_| true);
        file.move_to("a").parents(true);
        file.rename(&PathBuf::from("a"));
        file.rename("a").no_replace(true).parents(true);
        new.symlink_to(&String::from("a")).target_is_directory(true);
        new.hardlink_to(&file.clone());
        file.set_permissions(Permissions::from_mode(0o0));
        file.chmod(0o0);
        file.set_times(FileTimes::new().set_modified(std::time::UNIX_EPOCH));
        file.canonicalize();
        file.resolve();
        file.absolute();
        file.expanduser();
        file.read_link();
    }
    #[cfg(feature = "user-db")]
    table! {
        file.owner();
        file.group();
    }
    made(file.info().load());
    made(Path::cwd());
    made(Path::home());
    assert_eq!(snapshot(dir.path()), before);
}

/// The only pool thread waits for the other end of a FIFO. Calls that are queued behind it and dropped are not
/// carried out.
#[test]
fn what_has_not_begun_when_dropped_is_not_carried_out() {
    if !with_one_thread("what_has_not_begun_when_dropped_is_not_carried_out") {
        return;
    }
    let dir = Dir::new();
    let fifo = dir.fifo("fifo");
    let path = |name: &str| Path::new(dir.join(name));
    let mut cx = Context::from_waker(Waker::noop());
    block_on(async {
        let mut reading = pin!(path("fifo").read_text());
        assert!(reading.as_mut().poll(&mut cx).is_pending());
        // Before the thread starts to open the FIFO, that call would be dropped as well.
        std::thread::sleep(Duration::from_millis(100));
        {
            let mut dropped = pin!(path("dropped").mkdir());
            assert!(dropped.as_mut().poll(&mut cx).is_pending());
        }
        let kept = path("kept");
        let mut kept = pin!(kept.mkdir());
        assert!(kept.as_mut().poll(&mut cx).is_pending());
        fs::write(&fifo, "text").unwrap();
        assert_eq!(reading.await.unwrap(), "text");
        kept.await.unwrap();
        assert!(path("kept").is_dir().await);
        assert!(!path("dropped").exists().await);
    });
}

/// A call that has begun is finished even when its future is dropped.
#[test]
fn what_has_begun_when_dropped_is_finished() {
    let dir = Dir::new();
    let target = Path::new(dir.join("file"));
    let mut cx = Context::from_waker(Waker::noop());
    let text = "x".repeat(1 << 22);
    let begun = || fs::read_dir(dir.path()).unwrap().next().is_some();
    {
        let mut writing = pin!(target.write_atomic(text.clone()));
        assert!(writing.as_mut().poll(&mut cx).is_pending());
        while !begun() {
            std::thread::yield_now();
        }
    }
    for _ in 0..1000 {
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().collect();
        if let [only] = &names[..] {
            if only.file_name() == "file" {
                assert_eq!(fs::read_to_string(only.path()).unwrap(), text);
                return;
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it was not finished");
}

/// Opening a FIFO waits for its other end without blocking other tasks.
#[test]
fn a_fifo_holds_nobody_up() {
    let dir = Dir::new();
    for number in 0..3 {
        let fifo = dir.fifo(&format!("fifo{number}"));
        let path = Path::new(&fifo);
        let (tell, told) = std::sync::mpsc::channel();
        let writer = std::thread::spawn(move || {
            // Long after the ticker should be done.
            let ticked = told.recv_timeout(Duration::from_secs(5)).is_ok();
            fs::write(fifo, "text").unwrap();
            ticked
        });
        let reading = async {
            match number {
                0 => path.read_text().await.unwrap(),
                1 => String::from_utf8(path.read_bytes().await.unwrap()).unwrap(),
                _ => {
                    let mut text = String::new();
                    let mut file = path.open().await.unwrap();
                    file.read_to_string(&mut text).await.unwrap();
                    text
                }
            }
        };
        let ticking = async {
            for _ in 0..20 {
                smol::Timer::after(Duration::from_millis(2)).await;
            }
            tell.send(()).unwrap();
        };
        let (text, ()) = block_on(future::zip(reading, ticking));
        assert_eq!(text, "text");
        assert!(writer.join().unwrap(), "the ticker stood still");
    }
}
