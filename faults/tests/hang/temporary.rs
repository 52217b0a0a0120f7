//! Temporary files and directories.

use std::io;

use anyfile::temporary::{CreateTempFile, NamedTempFile, TempDir};
use anyfile::{
    AsyncFile, Limiter, Path, named_temp_file, spooled_temp_file, temp_dir, temp_file, wrap_file,
};
use futures_lite::{AsyncWriteExt, StreamExt};

use crate::files::{WRITTEN, is_contents_of};
use crate::operation;
use crate::scene::{Operation, Scene, contents, ensure};

pub(crate) fn operations() -> Vec<Operation> {
    [nameless(), named(), directories()]
        .into_iter()
        .flatten()
        .collect()
}

fn in_scene(scene: &Scene) -> CreateTempFile {
    temp_file().dir(scene.path("empty"))
}

/// Creates a file with a name, and writes some bytes, which are buffered.
async fn written(scene: &Scene) -> io::Result<NamedTempFile> {
    let mut file = named_temp_file().dir(scene.path("empty")).await?;
    file.write_all(b"accepted").await?;
    Ok(file)
}

/// Creates a directory with something in it.
async fn full(scene: &Scene) -> io::Result<TempDir> {
    let dir = temp_dir().dir(scene.path("empty")).await?;
    std::fs::create_dir(dir.path().as_std_path().join("inner"))?;
    std::fs::write(dir.path().as_std_path().join("inner/file"), "leaf\n")?;
    Ok(dir)
}

async fn nothing_is_left(scene: &Scene) -> io::Result<()> {
    scene.check();
    let left: Vec<Path> = scene.path("empty").iterdir().try_collect().await?;
    assert_eq!(left, [""; 0]);
    Ok(())
}

/// Writes to a file, and reads it.
async fn use_file(
    file: &mut AsyncFile<impl io::Read + io::Write + io::Seek + Send>,
) -> io::Result<()> {
    file.write_all(contents().as_bytes()).await?;
    file.rewind().await?;
    let mut text = String::new();
    file.read_to_string(&mut text).await?;
    assert_eq!(text, contents());
    Ok(())
}

fn nameless() -> Vec<Operation> {
    vec![
        operation!("temp_file", s => {
            s.begin();
            in_scene(&s).await?;
            nothing_is_left(&s).await?;
        }),
        operation!("temp_file, used", s => {
            let mut file = s.keep(in_scene(&s).await?);
            s.begin();
            use_file(&mut file).await?;
        }),
        operation!("temp_file, drop with accepted", WRITTEN, s => {
            let mut file = in_scene(&s).await?;
            file.write_all(b"accepted").await?;
            s.begin();
            drop(file);
        }),
        operation!("spooled_temp_file, moved to disk", s => {
            // That of the crate, which is in the directory of the system.
            drop(spooled_temp_file(10));
            let spool = tempfile::spooled_tempfile_in(10, s.path("empty"));
            let mut file = s.keep(wrap_file(spool));
            s.begin();
            use_file(&mut file).await?;
        }),
    ]
}

fn named() -> Vec<Operation> {
    vec![
        operation!("named_temp_file", s => {
            s.begin();
            named_temp_file().dir(s.path("empty")).prefix("a").suffix("b").await?;
        }),
        operation!("named_temp_file, to be kept", s => {
            s.begin();
            let file = named_temp_file().dir(s.path("empty")).delete(false).await?;
            let path = file.path().clone();
            drop(file);
            s.check();
            ensure(path.is_file().await)?;
        }),
        operation!("named_temp_file, used", s => {
            let mut file = s.keep(named_temp_file().dir(s.path("empty")).await?);
            s.begin();
            use_file(&mut file).await?;
        }),
        operation!("named_temp_file, close", s => {
            let mut file = written(&s).await?;
            s.begin();
            file.close().await?;
            nothing_is_left(&s).await?;
        }),
        operation!("named_temp_file, drop", s => {
            let file = named_temp_file().dir(s.path("empty")).await?;
            s.begin();
            drop(file);
        }),
        operation!("named_temp_file, drop with accepted", s => {
            let file = written(&s).await?;
            s.begin();
            drop(file);
        }),
        operation!("named_temp_file, drop in its turn", s => {
            let limiter = Limiter::new(1);
            let dir = s.path("empty");
            let mut file = named_temp_file().dir(dir).limiter(&limiter).await?;
            file.write_all(contents().as_bytes()).await?;
            s.begin();
            drop(file);
        }),
        operation!("named_temp_file, persist", s => {
            let mut file = s.keep(written(&s).await?);
            s.begin();
            file.persist(s.path("small")).await?;
            is_contents_of(&s, "small", "accepted").await?;
        }),
        operation!("named_temp_file, persist_noclobber", s => {
            let mut file = s.keep(written(&s).await?);
            s.begin();
            file.persist_noclobber(s.path("new")).await?;
            is_contents_of(&s, "new", "accepted").await?;
        }),
    ]
}

fn directories() -> Vec<Operation> {
    vec![
        operation!("temp_dir", s => {
            s.begin();
            temp_dir().dir(s.path("empty")).prefix("a").suffix("b").await?;
        }),
        operation!("temp_dir, close", s => {
            let mut dir = full(&s).await?;
            s.begin();
            dir.close().await?;
            nothing_is_left(&s).await?;
        }),
        operation!("temp_dir, drop", s => {
            let dir = full(&s).await?;
            s.begin();
            drop(dir);
        }),
        operation!("temp_dir, drop in its turn", s => {
            let limiter = Limiter::new(1);
            let dir = temp_dir().dir(s.path("empty")).limiter(&limiter).await?;
            dir.path().join("file").write_text("leaf\n").await?;
            s.begin();
            drop(dir);
        }),
    ]
}
