//! The rows of tokio.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use anyfile::{AsyncFile, create_file, open_file, wrap_file};
use futures_lite::StreamExt;
// With the feature, a file has tokio's methods of these names.
#[cfg(not(feature = "tokio"))]
use futures_lite::{AsyncSeekExt, AsyncWriteExt};
use tokio::fs as theirs;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio_util::compat::FuturesAsyncReadCompatExt;

use super::{Pair, sorted};

/// Copies text in upper case through tokio's traits.
async fn shout(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut text = String::new();
    from.read_to_string(&mut text).await?;
    to.write_all(text.to_uppercase().as_bytes()).await?;
    to.shutdown().await
}

#[rustfmt::skip]
pub(crate) fn pairs() -> Vec<Pair> {
    pairs! {
        "`File::open(p)`, `File::create(p)`, `File::create_new(p)`",
        |d| {
            let mut text = String::new();
            theirs::File::open(&d / "notes").await?.read_to_string(&mut text).await?;
            let mut file = theirs::File::create(&d / "notes").await?;
            file.write_all(b"x").await?;
            file.flush().await?;
            let mut file = theirs::File::create_new(&d / "new").await?;
            file.write_all(b"y").await?;
            file.rewind().await?;
            file.read_to_string(&mut text).await?;
            let again = theirs::File::create_new(&d / "new").await.unwrap_err();
            Ok(said!(text, again.kind()))
        },
        |d| {
            let mut text = String::new();
            open_file(&d / "notes").await?.read_to_string(&mut text).await?;
            let mut file = create_file(&d / "notes").await?;
            file.write_all(b"x").await?;
            file.flush().await?;
            let create_new = || open_file(&d / "new").read(true).write(true).create_new(true);
            let mut file = create_new().await?;
            file.write_all(b"y").await?;
            file.seek(io::SeekFrom::Start(0)).await?;
            file.read_to_string(&mut text).await?;
            let again = create_new().await.unwrap_err();
            Ok(said!(text, again.kind()))
        };
        "`OpenOptions::new()….open(p)`",
        |d| {
            let mut options = theirs::OpenOptions::new();
            let mut file = options.append(true).create(true).mode(0o600).open(d / "new").await?;
            file.write_all(b"x").await?;
            file.flush().await?;
            Ok(String::new())
        },
        |d| {
            let mut file = open_file(d / "new").append(true).create(true).mode(0o600).await?;
            file.write_all(b"x").await?;
            file.flush().await?;
            Ok(String::new())
        };
        "`BufReader::new(file).lines()`, `lines.next_line()`",
        |d| {
            fs::write(&d / "notes", "one\r\n\ntwo")?;
            let file = theirs::File::open(d / "notes").await?;
            let mut lines = tokio::io::BufReader::new(file).lines();
            let mut all = String::new();
            while let Some(line) = lines.next_line().await? { all += &format!("{line:?} "); }
            Ok(said!(all, all))
        },
        |d| {
            fs::write(&d / "notes", "one\r\n\ntwo")?;
            let lines = || async { Ok::<_, io::Error>(open_file(&d / "notes").await?.lines()) };
            let (mut lent, mut owned) = (String::new(), String::new());
            let mut all = lines().await?;
            while let Some(line) = all.next_line().await? { lent += &format!("{line:?} "); }
            let mut all = lines().await?;
            while let Some(line) = all.try_next().await? { owned += &format!("{line:?} "); }
            Ok(said!(lent, owned))
        };
        "`BufWriter::new(file)`, `file.shutdown()`",
        |d| {
            let mut file = tokio::io::BufWriter::new(theirs::File::create(d / "new").await?);
            for _ in 0..1000 { file.write_all(b"x").await?; }
            file.shutdown().await?;
            Ok(String::new())
        },
        |d| {
            let mut file = create_file(d / "new").await?;
            for _ in 0..1000 { file.write_all(b"x").await?; }
            file.close().await?;
            Ok(String::new())
        };
        "`file.set_max_buf_size(n)`",
        |d| {
            let mut file = theirs::File::create(d / "new").await?;
            file.set_max_buf_size(1000);
            file.write_all(&[b'x'; 5000]).await?;
            file.flush().await?;
            Ok(String::new())
        },
        |d| {
            let mut file = create_file(d / "new").buffering(1000).await?;
            file.write_all(&[b'x'; 5000]).await?;
            file.flush().await?;
            Ok(String::new())
        };
        "`File::from_std(file)`, `file.into_std()`",
        |d| {
            let mut file = theirs::File::from_std(fs::File::create(d / "new")?);
            file.write_all(b"x").await?;
            file.flush().await?;
            Ok(said!(file.into_std().await.metadata()?.len()))
        },
        |d| {
            let mut file = AsyncFile::from(fs::File::create(d / "new")?);
            file.write_all(b"x").await?;
            Ok(said!(file.into_inner().await.unwrap().metadata()?.len()))
        };
        "`file.try_clone()`, `file.sync_all()` and the rest",
        |d| {
            let file = theirs::OpenOptions::new().write(true).open(d / "notes").await?;
            file.set_len(3).await?;
            file.set_permissions(Permissions::from_mode(0o600)).await?;
            let mut clone = file.try_clone().await?;
            clone.write_all(b"F").await?;
            clone.sync_data().await?;
            file.sync_all().await?;
            Ok(said!(file.metadata().await?.len()))
        },
        |d| {
            let mut file = open_file(d / "notes").write(true).await?;
            file.set_len(3).await?;
            file.set_permissions(Permissions::from_mode(0o600)).await?;
            let mut clone = file.try_clone().await?;
            clone.write_all(b"F").await?;
            clone.sync_data().await?;
            file.sync_all().await?;
            Ok(said!(file.metadata().await?.len()))
        };
        "`tokio::io::copy(&mut a, &mut b)`",
        |d| {
            let (mut a, mut b) = (theirs::File::open(&d / "notes").await?, theirs::File::create(&d / "new").await?);
            Ok(said!(tokio::io::copy(&mut a, &mut b).await?))
        },
        |d| {
            let (mut a, mut b) = (open_file(&d / "notes").await?, create_file(&d / "new").await?);
            Ok(said!(futures_lite::io::copy(&mut a, &mut b).await?))
        };
        "`file`, where tokio's traits are wanted",
        |d| {
            let (from, to) = (theirs::File::open(&d / "notes").await?, theirs::File::create(&d / "new").await?);
            shout(from, to).await?;
            Ok(String::new())
        },
        |d| {
            let (from, to) = (open_file(&d / "notes").await?, create_file(&d / "new").await?);
            shout(from.compat(), to.compat()).await?;
            Ok(String::new())
        };
        "`spawn_blocking(f)`",
        |_d| {
            let mut cursor = io::Cursor::new("blocks\n");
            let line = tokio::task::spawn_blocking(move || {
                let mut line = String::new();
                io::BufRead::read_line(&mut cursor, &mut line).map(|_| line)
            });
            line.await.unwrap()
        },
        |_d| {
            let mut cursor = wrap_file(io::Cursor::new("blocks\n"));
            cursor.with_mut(|cursor| {
                let mut line = String::new();
                io::BufRead::read_line(cursor, &mut line).map(|_| line)
            }).await?
        };
        "`read(p)`, `read_to_string(p)`",
        |d| {
            let bytes = theirs::read(&d / "notes").await?;
            Ok(said!(bytes.len(), theirs::read_to_string(&d / "notes").await?))
        },
        |d| {
            let bytes = (&d / "notes").read_bytes().await?;
            Ok(said!(bytes.len(), (&d / "notes").read_text().await?))
        };
        "`write(p, data)`",
        |d| {
            for name in ["a", "b", "c"] { theirs::write(&d / name, "x").await?; }
            Ok(String::new())
        },
        |d| {
            (&d / "a").write_bytes("x").await?;
            (&d / "b").write_text("x").await?;
            (&d / "c").write_atomic("x").await?;
            Ok(String::new())
        };
        "`metadata(p)`, `symlink_metadata(p)`, `canonicalize(p)`, `read_link(p)`, `try_exists(p)`",
        |d| {
            let link = &d / "link";
            let sizes = (theirs::metadata(&link).await?.len(), theirs::symlink_metadata(&link).await?.len());
            let (real, target) = (theirs::canonicalize(&link).await?, theirs::read_link(&link).await?);
            let there = (theirs::try_exists(&link).await?, theirs::try_exists(&d / "no").await?);
            Ok(said!(sizes.0, sizes.1, real.display(), target.display(), there.0, there.1))
        },
        |d| {
            let link = &d / "link";
            let sizes = (link.metadata().await?.len(), link.symlink_metadata().await?.len());
            let (real, target) = (link.canonicalize().await?, link.read_link().await?);
            let there = (link.try_exists().await?, (&d / "no").try_exists().await?);
            Ok(said!(sizes.0, sizes.1, real.display(), target.display(), there.0, there.1))
        };
        "`create_dir(p)`, `create_dir_all(p)`",
        |d| {
            theirs::create_dir(&d / "new").await?;
            let again = theirs::create_dir(&d / "new").await.unwrap_err().kind();
            for name in ["a/b", "a/b", "new"] { theirs::create_dir_all(&d / name).await?; }
            Ok(said!(again))
        },
        |d| {
            (&d / "new").create_dir().await?;
            let again = (&d / "new").create_dir().await.unwrap_err().kind();
            for name in ["a/b", "a/b", "new"] { (&d / name).create_dir_all().await?; }
            Ok(said!(again))
        };
        "`DirBuilder::new().recursive(true).mode(m)`",
        |d| {
            theirs::DirBuilder::new().recursive(true).mode(0o700).create(d / "new").await?;
            Ok(String::new())
        },
        |d| {
            (d / "new").create_dir_all().mode(0o700).await?;
            Ok(String::new())
        };
        "`remove_file(p)`, `remove_dir(p)`, `remove_dir_all(p)`",
        |d| {
            theirs::remove_file(&d / "link").await?;
            theirs::remove_dir(&d / "empty").await?;
            theirs::remove_dir_all(&d / "sub").await?;
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
            theirs::rename(&d / "notes", &d / "sub/x.py").await?;
            theirs::set_permissions(&d / "sub/x.py", Permissions::from_mode(0o400)).await?;
            Ok(String::new())
        },
        |d| {
            let moved = (&d / "notes").rename(&d / "sub/x.py").await?;
            moved.set_permissions(Permissions::from_mode(0o400)).await?;
            Ok(String::new())
        };
        "`hard_link(original, link)`, `symlink(original, link)`",
        |d| {
            theirs::hard_link(&d / "notes", &d / "hard").await?;
            theirs::symlink("notes", &d / "soft").await?;
            Ok(said!(fs::metadata(&d / "notes")?.nlink()))
        },
        |d| {
            (&d / "hard").hardlink_to(&d / "notes").await?;
            (&d / "soft").symlink_to("notes").await?;
            Ok(said!(fs::metadata(&d / "notes")?.nlink()))
        };
        "`read_dir(p).await?`, `entries.next_entry()`",
        |d| {
            let missing = theirs::read_dir(&d / "no").await.unwrap_err().kind();
            let mut entries = theirs::read_dir(&d).await?;
            let mut all = Vec::new();
            while let Some(entry) = entries.next_entry().await? { all.push(entry.path()); }
            Ok(said!(missing, sorted(all)))
        },
        |d| {
            let missing = (&d / "no").read_dir().await.unwrap_err().kind();
            let mut entries = d.read_dir().await?;
            let mut all = Vec::new();
            while let Some(path) = entries.try_next().await? { all.push(path); }
            Ok(said!(missing, sorted(all)))
        };
        "`entry.path()`, `entry.file_name()`, `entry.metadata()`",
        |d| {
            let mut entries = theirs::read_dir(&d).await?;
            let mut all = Vec::new();
            while let Some(entry) = entries.next_entry().await? {
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
            let mut entries = theirs::read_dir(&d).await?;
            let mut all = Vec::new();
            while let Some(entry) = entries.next_entry().await? {
                let kind = entry.file_type().await?;
                all.push(format!("{:?} {} {}", entry.path(), kind.is_dir(), kind.is_symlink()));
            }
            Ok(sorted(all))
        },
        |d| {
            let mut entries = d.read_dir().await?;
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
            theirs::copy(&d / "notes", &d / "copy").await?;
            theirs::copy(&d / "sub/x.py", &d / "link").await?;
            Ok(String::new())
        },
        |d| {
            (&d / "notes").copy(&d / "copy").await?;
            (&d / "sub/x.py").copy(&d / "link").await?;
            Ok(String::new())
        };
    }
}
