//! Programs that are run as soon as they are written.
//!
//! The system runs none that anybody has open for writing. A child that another thread is about to start has
//! for a moment all that this process has open, so these tests are alone in their program and take turns.
#![cfg(unix)]

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, PoisonError};

use anyfile::AsyncFile;
use anyfile_clients::{Dir, assert_same, create, run};
use async_process::Command;
use futures_lite::AsyncWriteExt;

static TURN: Mutex<()> = Mutex::new(());

/// Writes programs, finishes each file in this way, and runs it.
#[track_caller]
fn assert_run_after(finish: impl AsyncFn(AsyncFile) -> io::Result<()>) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = Dir::new();
    for number in 0..50 {
        let path = dir.join(&format!("program{number}"));
        let program = format!("#!/bin/sh\necho {number}\n");
        let output = run(async {
            let mut file = create(&path).await?;
            file.set_permissions(Permissions::from_mode(0o700)).await?;
            file.write_all(program.as_bytes()).await?;
            finish(file).await?;
            Command::new(&path).output().await
        });
        let output = output.expect("the program runs");
        assert_same(output.stdout, format!("{number}\n"), "its output");
    }
}

#[test]
fn a_program_that_was_closed() {
    assert_run_after(async |mut file| file.close().await);
}

#[test]
fn a_program_whose_file_was_taken_out_and_dropped() {
    assert_run_after(async |file| {
        drop(file.into_inner().await?);
        Ok(())
    });
}

#[test]
fn a_program_that_was_dropped() {
    assert_run_after(async |file| {
        drop(file);
        Ok(())
    });
}
