//! Recipes for common tasks, to copy and change.
//!
//! Every recipe is compiled and run as a test. The code that starts an executor, and that prepares files in a temporary
//! directory, is not shown. Most recipes run under any executor. A few use a timer, a task, a lock or a child process
//! of [smol]; tokio and async-std have the same.
//!
//! This module exists only in the documentation. It is not compiled into your program.
//!
//! **[Reading](reading)**
//!
//! * [Follow a growing log](reading#follow-a-growing-log), as `tail -f` does
//! * [Read text in any encoding](reading#read-text-in-any-encoding)
//! * [Read compressed files line by line](reading#read-compressed-files-line-by-line): gzip, zstd
//! * [Write a library for any reader](reading#write-a-library-for-any-reader): generic over `AsyncRead + AsyncSeek`
//!
//! **[Writing](writing)**
//!
//! * [Close a file, or drop it](writing#close-a-file-or-drop-it)
//! * [Change a configuration with many writers](writing#change-a-configuration-with-many-writers): JSON, replaced
//!   in one step, under a lock
//! * [Use a temporary file](writing#use-a-temporary-file)
//!
//! **[Trees](trees)**
//!
//! * [Find duplicates, with futures](trees#find-duplicates-with-futures)
//! * [Search all files, with smol](trees#search-all-files-with-smol), as `grep -r` does
//! * [Count lines, with futures-lite](trees#count-lines-with-futures-lite)
//! * [Copy a tree with a progress bar](trees#copy-a-tree-with-a-progress-bar)
//! * [Copy a part of a tree](trees#copy-a-part-of-a-tree)
//! * [Measure a tree on one filesystem](trees#measure-a-tree-on-one-filesystem)
//!
//! **[Processes and networks](exchange)**
//!
//! * [Give a child files as its input and output](exchange#give-a-child-files-as-its-input-and-output)
//! * [Talk to a child through pipes](exchange#talk-to-a-child-through-pipes)
//! * [Send a file as an HTTP body](exchange#send-a-file-as-an-http-body)
//! * [Use a file where tokio's traits are wanted](exchange#use-a-file-where-tokios-traits-are-wanted)
//! * [Store an upload](exchange#store-an-upload)
//! * [Read and write objects of an object store](exchange#read-and-write-objects-of-an-object-store), with OpenDAL
//! * [Fork](exchange#fork)
//!
//! **[Limits and failures](limits)**
//!
//! * [Time out, and know what was written](limits#time-out-and-know-what-was-written)
//! * [Limit the calls to a slow mount](limits#limit-the-calls-to-a-slow-mount)
//! * [Bound the number of open files](limits#bound-the-number-of-open-files)
//! * [Shut down](limits#shut-down), and exit the process
//! * [Report errors](limits#report-errors)
//!
//! **[Moving](moving)**
//!
//! * [Move a program from async-fs](moving#move-a-program-from-async-fs), `smol::fs` or `async_std::fs`
//!
//! A table shows [what this crate and others have](features).
//!
//! [smol]: https://docs.rs/smol

#![cfg(any(doc, doctest))]

pub mod exchange;
pub mod features;
pub mod limits;
pub mod moving;
pub mod reading;
pub mod trees;
pub mod writing;
