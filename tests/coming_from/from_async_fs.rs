//! The rows of async-fs and async-std.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path as StdPath;

use anyfile::path::WalkEntry;
use anyfile::{Path, create_file, open_file, wrap_file};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt};
use walkdir::WalkDir;

use super::{Pair, sorted};

/// Everything in a directory: what `WalkDir` finds.
fn walked(dir: &StdPath) -> Vec<Path> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(walked(&path));
        }
        found.push(Path::from(path));
    }
    found
}

/// What `walkdir` finds, without the directory itself.
fn below(entries: impl Iterator<Item = walkdir::Result<walkdir::DirEntry>>) -> String {
    let entries = entries
        .map(Result::unwrap)
        .filter(|entry| entry.depth() > 0);
    sorted(entries.map(|entry| entry.into_path()))
}

/// The paths of all names in what a walk found.
fn listed(entries: &[WalkEntry]) -> Vec<Path> {
    let names = |entry: &WalkEntry| {
        let names = entry.dirs.iter().chain(&entry.files);
        names.map(|name| &entry.path / name).collect::<Vec<_>>()
    };
    entries.iter().flat_map(names).collect()
}

#[rustfmt::skip]
pub(crate) fn pairs() -> Vec<Pair> {
    pairs! {
        "`File::open(p)`",
        |d| {
            let mut text = String::new();
            async_fs::File::open(d / "notes").await?.read_to_string(&mut text).await?;
            Ok(text)
        },
        |d| {
            let mut text = String::new();
            open_file(d / "notes").await?.read_to_string(&mut text).await?;
            Ok(text)
        };
        "`File::create(p)`",
        |d| {
            let mut file = async_fs::File::create(d / "notes").await?;
            file.write_all(b"x").await?;
            file.flush().await?;
            Ok(String::new())
        },
        |d| {
            let mut file = create_file(d / "notes").await?;
            file.write_all(b"x").await?;
            file.flush().await?;
            Ok(String::new())
        };
        "`OpenOptions::new()….open(p)`",
        |d| {
            let mut options = async_fs::OpenOptions::new();
            let mut file = options.append(true).create(true).open(d / "new").await?;
            file.write_all(b"x").await?;
            file.flush().await?;
            Ok(String::new())
        },
        |d| {
            let mut file = open_file(d / "new").append(true).create(true).await?;
            file.write_all(b"x").await?;
            file.flush().await?;
            Ok(String::new())
        };
        "`BufReader::new(file).lines()`",
        |d| {
            let file = async_fs::File::open(d / "notes").await?;
            let lines = futures_lite::io::BufReader::new(file).lines();
            Ok(lines.try_collect::<_, _, Vec<String>>().await?.join(" "))
        },
        |d| {
            let lines = open_file(d / "notes").await?.lines();
            Ok(lines.try_collect::<_, _, Vec<String>>().await?.join(" "))
        };
        "`BufWriter::new(file)`",
        |d| {
            let file = async_fs::File::create(d / "new").await?;
            let mut file = futures_lite::io::BufWriter::new(file);
            for _ in 0..1000 { file.write_all(b"x").await?; }
            file.close().await?;
            Ok(String::new())
        },
        |d| {
            let mut file = open_file(d / "new").write(true).create_new(true).await?;
            for _ in 0..1000 { file.write_all(b"x").await?; }
            file.close().await?;
            Ok(String::new())
        };
        "`Unblock::new(t)`, `spawn_blocking`",
        |_d| {
            let mut text = String::new();
            blocking::Unblock::new(io::Cursor::new("wrapped")).read_to_string(&mut text).await?;
            let len = blocking::unblock(|| "wrapped".len()).await;
            Ok(said!(text, len))
        },
        |_d| {
            let mut text = String::new();
            let mut file = wrap_file(io::Cursor::new("wrapped"));
            file.read_to_string(&mut text).await?;
            Ok(said!(text, file.with_mut(|inner| inner.get_ref().len()).await?))
        };
        "`file.sync_all()` and the rest",
        |d| {
            let file = async_fs::OpenOptions::new().write(true).open(d / "notes").await?;
            file.set_len(3).await?;
            file.set_permissions(Permissions::from_mode(0o600)).await?;
            file.sync_data().await?;
            file.sync_all().await?;
            Ok(said!(file.metadata().await?.len()))
        },
        |d| {
            let file = open_file(d / "notes").write(true).await?;
            file.set_len(3).await?;
            file.set_permissions(Permissions::from_mode(0o600)).await?;
            file.sync_data().await?;
            file.sync_all().await?;
            Ok(said!(file.metadata().await?.len()))
        };
        "`read(p)`, `read_to_string(p)`",
        |d| {
            let bytes = async_fs::read(&d / "notes").await?;
            Ok(said!(bytes.len(), async_fs::read_to_string(&d / "notes").await?))
        },
        |d| {
            let bytes = (&d / "notes").read_bytes().await?;
            Ok(said!(bytes.len(), (&d / "notes").read_text().await?))
        };
        "`write(p, data)`",
        |d| {
            for name in ["a", "b", "c"] { async_fs::write(&d / name, "x").await?; }
            Ok(String::new())
        },
        |d| {
            (&d / "a").write_bytes("x").await?;
            (&d / "b").write_text("x").await?;
            (&d / "c").write_atomic("x").await?;
            Ok(String::new())
        };
        "`metadata(p)`, `symlink_metadata(p)`, `canonicalize(p)`, `read_link(p)`",
        |d| {
            let link = &d / "link";
            let sizes = (async_fs::metadata(&link).await?.len(), async_fs::symlink_metadata(&link).await?.len());
            let (real, target) = (async_fs::canonicalize(&link).await?, async_fs::read_link(&link).await?);
            Ok(said!(sizes.0, sizes.1, real.display(), target.display()))
        },
        |d| {
            let link = &d / "link";
            let sizes = (link.metadata().await?.len(), link.symlink_metadata().await?.len());
            let (real, target) = (link.canonicalize().await?, link.read_link().await?);
            Ok(said!(sizes.0, sizes.1, real.display(), target.display()))
        };
        "`create_dir(p)`, `create_dir_all(p)`",
        |d| {
            async_fs::create_dir(&d / "new").await?;
            let again = async_fs::create_dir(&d / "new").await.unwrap_err().kind();
            for name in ["a/b", "a/b", "new"] { async_fs::create_dir_all(&d / name).await?; }
            async_fs::create_dir_all("").await?;
            Ok(said!(again))
        },
        |d| {
            (&d / "new").create_dir().await?;
            let again = (&d / "new").create_dir().await.unwrap_err().kind();
            for name in ["a/b", "a/b", "new"] { (&d / name).create_dir_all().await?; }
            Path::new("").create_dir_all().await?;
            Ok(said!(again))
        };
        "`DirBuilder::new().recursive(true).mode(m)`",
        |d| {
            use async_fs::unix::DirBuilderExt;
            async_fs::DirBuilder::new().recursive(true).mode(0o700).create(d / "new").await?;
            Ok(String::new())
        },
        |d| {
            (d / "new").create_dir_all().mode(0o700).await?;
            Ok(String::new())
        };
        "`remove_file(p)`, `remove_dir(p)`, `remove_dir_all(p)`",
        |d| {
            async_fs::remove_file(&d / "link").await?;
            async_fs::remove_dir(&d / "empty").await?;
            async_fs::remove_dir_all(&d / "sub").await?;
            Ok(String::new())
        },
        |d| {
            (&d / "link").remove_file().await?;
            (&d / "empty").remove_dir().await?;
            (&d / "sub").remove_dir_all().await?;
            Ok(String::new())
        };
        "`rename(p, q)`, `set_permissions(p, perm)`",
        |d| {
            async_fs::rename(&d / "notes", &d / "sub/x.py").await?;
            async_fs::set_permissions(&d / "sub/x.py", Permissions::from_mode(0o400)).await?;
            Ok(String::new())
        },
        |d| {
            let moved = (&d / "notes").rename(&d / "sub/x.py").await?;
            moved.set_permissions(Permissions::from_mode(0o400)).await?;
            Ok(String::new())
        };
        "`hard_link(original, link)`",
        |d| {
            async_fs::hard_link(&d / "notes", &d / "hard").await?;
            Ok(said!(fs::metadata(&d / "notes")?.nlink()))
        },
        |d| {
            (&d / "hard").hardlink_to(&d / "notes").await?;
            Ok(said!(fs::metadata(&d / "notes")?.nlink()))
        };
        "`unix::symlink(original, link)`, `windows::symlink_dir`",
        |d| {
            async_fs::unix::symlink("sub", &d / "soft").await?;
            Ok(String::new())
        },
        |d| {
            (&d / "soft").symlink_to("sub").target_is_directory(true).await?;
            Ok(String::new())
        };
        "`read_dir(p).await?`",
        |d| {
            let entries = async_fs::read_dir(&d).await?.map(|entry| entry.unwrap().path());
            Ok(sorted(&entries.collect::<Vec<_>>().await))
        },
        |d| Ok(sorted(&d.read_dir().await?.try_collect::<Path, _, Vec<_>>().await?));
        "`entry.path()`, `entry.file_name()`, `entry.metadata()`",
        |d| {
            let mut entries = async_fs::read_dir(&d).await?;
            let mut all = Vec::new();
            while let Some(entry) = entries.try_next().await? {
                let (name, found) = (entry.file_name(), entry.metadata().await?);
                all.push(format!("{:?} {name:?} {}", entry.path(), found.len()));
            }
            Ok(sorted(all))
        },
        |d| {
            let mut entries = d.read_dir().await?;
            let mut all = Vec::new();
            while let Some(path) = entries.try_next().await? {
                let (name, found) = (path.file_name().unwrap(), path.symlink_metadata().await?);
                all.push(format!("{path:?} {name:?} {}", found.len()));
            }
            Ok(sorted(all))
        };
        "`entry.file_type().await`",
        |d| {
            let mut entries = async_fs::read_dir(&d).await?;
            let mut all = Vec::new();
            while let Some(entry) = entries.try_next().await? {
                let kind = entry.file_type().await?;
                all.push(format!("{:?} {} {}", entry.path(), kind.is_dir(), kind.is_symlink()));
            }
            Ok(sorted(all))
        },
        |d| {
            let mut entries = d.iterdir();
            let mut all = Vec::new();
            while let Some(path) = entries.try_next().await? {
                let kind = path.info().file_type().unwrap();
                let (is_dir, is_link) = (kind.is_dir(), kind.is_symlink());
                all.push(format!("{path:?} {is_dir} {is_link}"));
            }
            Ok(sorted(all))
        };
        "`copy(p, q)`",
        |d| {
            async_fs::copy(&d / "notes", &d / "copy").await?;
            async_fs::copy(&d / "sub/x.py", &d / "link").await?;
            Ok(String::new())
        },
        |d| {
            (&d / "notes").copy(&d / "copy").await?;
            (&d / "sub/x.py").copy(&d / "link").await?;
            Ok(String::new())
        };
        "`async_walkdir::WalkDir`",
        |d| {
            let all = sorted(walked(d.as_std_path()));
            Ok(said!(all, all))
        },
        |d| {
            let found: Vec<_> = d.rglob("*").try_collect().await?;
            let walked: Vec<_> = d.walk().try_collect().await?;
            Ok(said!(sorted(&found), sorted(listed(&walked))))
        };
        "`walkdir::WalkDir` with `max_depth(n)`",
        |d| {
            let found = below(WalkDir::new(&d).max_depth(2).into_iter());
            Ok(said!(found, found))
        },
        |d| {
            let found: Vec<_> = d.rglob("*").max_depth(2).try_collect().await?;
            let walked: Vec<_> = d.walk().max_depth(2).try_collect().await?;
            Ok(said!(sorted(&found), sorted(listed(&walked))))
        };
        "`walkdir::WalkDir` with `filter_entry(f)`, `skip_current_dir()`",
        |d| {
            let out = |entry: &walkdir::DirEntry| entry.file_name() != "deep";
            let found = below(WalkDir::new(&d).into_iter().filter_entry(out));
            let (mut all, mut entries) = (Vec::new(), WalkDir::new(&d).into_iter());
            while let Some(entry) = entries.next() {
                if entry.as_ref().is_ok_and(|entry| entry.file_name() == "sub") {
                    entries.skip_current_dir();
                }
                all.push(entry);
            }
            Ok(said!(found, found, below(all.into_iter())))
        },
        |d| {
            let found: Vec<_> = d.rglob("*").exclude("deep").try_collect().await?;
            let walked: Vec<_> = d.walk().exclude("deep").try_collect().await?;
            let pruned = d.rglob("*").prune(|dir| dir.ends_with("sub"));
            let pruned: Vec<_> = pruned.try_collect().await?;
            Ok(said!(sorted(&found), sorted(listed(&walked)), sorted(&pruned)))
        };
        "`walkdir::WalkDir` with `same_file_system(true)`",
        |d| {
            let found = below(WalkDir::new(&d).same_file_system(true).into_iter());
            Ok(said!(found, found))
        },
        |d| {
            let found: Vec<_> = d.rglob("*").same_file_system(true).try_collect().await?;
            let walked: Vec<_> = d.walk().same_file_system(true).try_collect().await?;
            Ok(said!(sorted(&found), sorted(listed(&walked))))
        };
        "`async_std::path::Path`, `PathBuf`",
        |d| {
            let d = async_std::path::PathBuf::from(d.into_os_string());
            let p = d.join("notes");
            let is = (p.exists().await, p.is_file().await, d.is_dir().await);
            Ok(said!(p.display(), is.0, is.1, is.2, p.metadata().await?.len(), p.starts_with(&d)))
        },
        |d| {
            let p = d.join("notes");
            let is = (p.exists().await, p.is_file().await, d.is_dir().await);
            Ok(said!(p.display(), is.0, is.1, is.2, p.metadata().await?.len(), p.starts_with(&d)))
        };
    }
}
