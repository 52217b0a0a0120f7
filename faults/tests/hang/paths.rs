//! The operations of a path.

use std::fs::FileTimes;
use std::time::SystemTime;

use anyfile::{Path, open_file};

use crate::operation;
use crate::scene::{Operation, contents, ensure};

pub(crate) fn operations() -> Vec<Operation> {
    [
        whole(),
        questions(),
        ways(),
        making(),
        changing(),
        resolving(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn whole() -> Vec<Operation> {
    vec![
        operation!("Path::open", s => {
            s.begin();
            s.path("file").open().await?;
        }),
        operation!("Path::read_bytes", s => {
            s.begin();
            assert_eq!(s.path("small").read_bytes().await?, b"small\n");
        }),
        operation!("Path::read_text", s => {
            s.begin();
            assert_eq!(s.path("file").read_text().await?, contents());
        }),
        operation!("Path::write_bytes", s => {
            s.begin();
            s.path("new").write_bytes("new").await?;
            s.check();
            assert_eq!(s.path("new").read_bytes().await?, b"new");
        }),
        operation!("Path::write_text", s => {
            s.begin();
            s.path("small").write_text("new").await?;
            s.check();
            assert_eq!(s.path("small").read_text().await?, "new");
        }),
        operation!("Path::write_atomic", s => {
            s.begin();
            s.path("small").write_atomic("new").await?;
            s.check();
            assert_eq!(s.path("small").read_text().await?, "new");
        }),
        operation!("create_file, parents", s => {
            s.begin();
            s.path("new/a/file").create().parents(true).await?.close().await?;
            s.check();
            ensure(s.path("new/a/file").is_file().await)?;
        }),
        operation!("open_file, append, parents", s => {
            s.begin();
            let open = open_file(s.path("new/a/file")).append(true).create(true);
            open.parents(true).await?.close().await?;
            s.check();
            ensure(s.path("new/a/file").is_file().await)?;
        }),
        operation!("Path::write_bytes, parents", s => {
            s.begin();
            s.path("new/a/file").write_bytes("new").parents(true).await?;
            s.check();
            assert_eq!(s.path("new/a/file").read_text().await?, "new");
        }),
        operation!("Path::write_text, parents", s => {
            s.begin();
            s.path("new/a/file").write_text("new").parents(true).await?;
            s.check();
            assert_eq!(s.path("new/a/file").read_text().await?, "new");
        }),
        operation!("Path::write_atomic, parents", s => {
            s.begin();
            s.path("new/a/file").write_atomic("new").parents(true).await?;
            s.check();
            assert_eq!(s.path("new/a/file").read_text().await?, "new");
        }),
    ]
}

fn questions() -> Vec<Operation> {
    vec![
        operation!("Path::metadata", s => {
            s.begin();
            assert_eq!(s.path("small").metadata().await?.len(), 6);
        }),
        operation!("Path::metadata, asked before", s => {
            s.path("small").metadata().await?;
            s.path("small").metadata().await?;
            s.begin();
            assert_eq!(s.path("small").metadata().await?.len(), 6);
        }),
        operation!("Path::symlink_metadata", s => {
            s.begin();
            assert!(s.path("link").symlink_metadata().await?.is_symlink());
        }),
        operation!("Path::exists", s => {
            s.begin();
            ensure(s.path("file").exists().await)?;
        }),
        operation!("Path::exists, missing", s => {
            s.begin();
            ensure(!s.path("missing").exists().await)?;
        }),
        operation!("Path::exists, the mount itself", s => {
            s.begin();
            ensure(s.path("").exists().await)?;
        }),
        operation!("Path::try_exists", s => {
            s.begin();
            assert!(s.path("file").try_exists().await?);
        }),
        operation!("Path::is_file", s => {
            s.begin();
            ensure(s.path("link").is_file().await)?;
        }),
        operation!("Path::is_dir", s => {
            s.begin();
            ensure(s.path("dir").is_dir().await)?;
        }),
        operation!("Path::is_symlink", s => {
            s.begin();
            ensure(s.path("link").is_symlink().await)?;
        }),
        operation!("Path::is_socket and the like", s => {
            s.begin();
            let file = s.path("file");
            ensure(!file.is_socket().await && !file.is_fifo().await)?;
            ensure(!file.is_block_device().await && !file.is_char_device().await)?;
        }),
        operation!("Path::is_junction", s => {
            s.begin();
            ensure(!s.path("dir").is_junction().await)?;
        }),
        operation!("Path::is_mount", s => {
            s.begin();
            ensure(s.path("").is_mount().await)?;
            ensure(!s.path("dir").is_mount().await)?;
        }),
        operation!("Path::samefile", s => {
            s.begin();
            assert!(s.path("link").samefile(s.path("file")).await?);
        }),
        operation!("Path::owner", s => {
            s.begin();
            assert_eq!(s.path("file").owner().await?, "root");
        }),
        operation!("Path::group", s => {
            s.begin();
            assert_eq!(s.path("file").group().await?, "root");
        }),
        operation!("Path::owner and group, of a link", s => {
            s.begin();
            assert_eq!(s.path("link").owner().follow_symlinks(false).await?, "root");
            assert_eq!(s.path("link").group().follow_symlinks(false).await?, "root");
        }),
        operation!("Path::file_id", s => {
            s.begin();
            let id = s.path("link").file_id().await?;
            assert_eq!(id, s.path("file").file_id().await?);
        }),
        operation!("PathInfo::load", s => {
            s.begin();
            assert_eq!(s.path("link").info().load().await?.is_file(), Some(true));
        }),
    ]
}

/// Ways over the filesystem that hangs.
fn ways() -> Vec<Operation> {
    vec![
        operation!("metadata, parents hang", s => {
            s.begin();
            assert!(s.path("dir/inner/file").metadata().await?.is_file());
        }),
        operation!("metadata, dots", s => {
            s.begin();
            assert!(s.path("dir/inner/../../file").metadata().await?.is_file());
        }),
        operation!("metadata, by a local link", s => {
            s.begin();
            assert!(s.way("file").metadata().await?.is_file());
        }),
        operation!("metadata, of what a link is to", s => {
            s.begin();
            assert!(s.path("out").metadata().await?.is_file());
        }),
        operation!("read_text, of what a link is to", s => {
            s.begin();
            assert_eq!(s.path("out").read_text().await?, "local\n");
        }),
        operation!("read_text, by a local link", s => {
            s.begin();
            assert_eq!(s.way("small").read_text().await?, "small\n");
        }),
        operation!("rename, from elsewhere", s => {
            s.begin();
            let moved = s.local("file").rename(s.path("dir/a.txt")).await;
            assert!(moved.is_err(), "no rename leads from one filesystem to another");
        }),
    ]
}

fn making() -> Vec<Operation> {
    vec![
        operation!("Path::mkdir", s => {
            s.begin();
            s.path("new").mkdir().await?;
            s.check();
            ensure(s.path("new").is_dir().await)?;
        }),
        operation!("Path::mkdir, parents", s => {
            s.begin();
            s.path("new/a/b").mkdir().parents(true).exist_ok(true).await?;
            s.check();
            ensure(s.path("new/a/b").is_dir().await)?;
        }),
        operation!("Path::touch", s => {
            s.begin();
            s.path("new").touch().await?;
            s.check();
            ensure(s.path("new").is_file().await)?;
        }),
        operation!("Path::touch, what is there", s => {
            s.begin();
            s.path("file").touch().await?;
        }),
        operation!("Path::symlink_to", s => {
            s.begin();
            s.path("new").symlink_to("file").await?;
            s.check();
            ensure(s.path("new").is_file().await)?;
        }),
        operation!("Path::hardlink_to", s => {
            s.begin();
            s.path("new").hardlink_to(s.path("small")).await?;
            s.check();
            assert_eq!(s.path("new").read_text().await?, "small\n");
        }),
    ]
}

fn changing() -> Vec<Operation> {
    vec![
        operation!("Path::unlink", s => {
            s.begin();
            s.path("small").unlink().await?;
            s.check();
            ensure(!s.path("small").exists().await)?;
        }),
        operation!("Path::rmdir", s => {
            s.begin();
            s.path("empty").rmdir().await?;
            s.check();
            ensure(!s.path("empty").exists().await)?;
        }),
        operation!("Path::remove_dir_all", s => {
            s.begin();
            s.path("tree").remove_dir_all().await?;
            s.check();
            ensure(!s.path("tree").exists().await)?;
        }),
        operation!("Path::rmdir, missing", s => {
            s.begin();
            s.path("missing").rmdir().missing_ok(true).await?;
        }),
        operation!("Path::remove_dir_all, missing", s => {
            s.begin();
            s.path("missing").remove_dir_all().missing_ok(true).await?;
        }),
        operation!("Path::remove, missing", s => {
            s.begin();
            s.path("missing").remove().missing_ok(true).await?;
        }),
        operation!("Path::unlink, missing", s => {
            s.begin();
            s.path("missing").unlink().missing_ok(true).await?;
        }),
        operation!("Path::remove, a file", s => {
            s.begin();
            s.path("small").remove().await?;
            s.check();
            ensure(!s.path("small").exists().await)?;
        }),
        operation!("Path::remove, a tree", s => {
            s.begin();
            s.path("tree").remove().await?;
            s.check();
            ensure(!s.path("tree").exists().await)?;
        }),
        operation!("Path::rename, parents", s => {
            s.begin();
            s.path("small").rename(s.path("new/a/small")).parents(true).await?;
            s.check();
            assert_eq!(s.path("new/a/small").read_text().await?, "small\n");
        }),
        operation!("Path::rename", s => {
            s.begin();
            s.path("small").rename(s.path("new")).await?;
            s.check();
            assert_eq!(s.path("new").read_text().await?, "small\n");
        }),
        operation!("Path::chmod", s => {
            s.begin();
            s.path("file").chmod(0o600).await?;
        }),
        operation!("Path::set_permissions", s => {
            let permissions = s.path("small").metadata().await?.permissions();
            s.begin();
            s.path("file").set_permissions(permissions).await?;
        }),
        operation!("Path::set_times", s => {
            s.begin();
            let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
            s.path("file").set_times(times).await?;
        }),
        operation!("Path::set_times, of a link", s => {
            s.begin();
            let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
            s.path("link").set_times(times).follow_symlinks(false).await?;
        }),
        operation!("Path::chown", s => {
            s.begin();
            s.path("file").chown(Some(0), Some(0)).await?;
        }),
        operation!("Path::chown, of a link", s => {
            s.begin();
            s.path("link").chown(Some(0), Some(0)).follow_symlinks(false).await?;
        }),
    ]
}

fn resolving() -> Vec<Operation> {
    vec![
        operation!("Path::canonicalize", s => {
            s.begin();
            let end = s.path("link").canonicalize().await?;
            assert!(end.ends_with("file"));
        }),
        operation!("Path::resolve", s => {
            s.begin();
            let end = s.path("link").resolve().await?;
            ensure(end.ends_with("file"))?;
        }),
        operation!("Path::read_link", s => {
            s.begin();
            assert_eq!(s.path("link").read_link().await?, "file");
        }),
        operation!("Path::absolute", s => {
            s.begin();
            assert_eq!(s.path("link").absolute().await?, s.path("link"));
        }),
        operation!("Path::expanduser", s => {
            s.begin();
            assert_eq!(s.path("link").expanduser().await?, s.path("link"));
        }),
        operation!("Path::cwd, Path::home", s => {
            s.begin();
            Path::cwd().await?;
            Path::home().await?;
        }),
    ]
}
