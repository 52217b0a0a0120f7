//! memmap2: files mapped into memory after they were written, and written through the mapping.

// Mapping a file is unsafe, since a change of the file also changes the data behind a reference. Here no other
// process knows the file, and it does not change while there is such a reference.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, SeekFrom};

use anyfile::AsyncFile;
use anyfile_clients::{Dir, SIZES, assert_same, contents, create_both, noise, run};
use futures_lite::{AsyncSeekExt, AsyncWriteExt};
use memmap2::{Mmap, MmapMut};

fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: nobody writes to the file while it is mapped.
    unsafe { Mmap::map(file) }
}

/// As a file of std is: memmap2 asks for no more than a descriptor.
fn map_async(file: &AsyncFile) -> io::Result<Mmap> {
    // SAFETY: nobody writes to the file while it is mapped.
    unsafe { Mmap::map(file) }
}

fn map_mut(file: &File) -> io::Result<MmapMut> {
    // SAFETY: nobody else reads or writes the file while the mapping is borrowed.
    unsafe { MmapMut::map_mut(file) }
}

#[test]
fn mapped_after_into_inner() {
    let dir = Dir::new();
    // An empty file cannot be mapped everywhere.
    for len in SIZES.into_iter().filter(|len| *len > 0) {
        let bytes = noise(len);
        let mapping = run(async {
            let mut file = create_both(dir.join("file")).await?;
            file.write_all(&bytes).await?;
            map(&file.into_inner().await?)
        });
        assert_same(&mapping.unwrap()[..], bytes, "mapped");
    }
}

#[test]
fn mapped_after_flush() {
    let (dir, bytes) = (Dir::new(), noise(300_000));
    let path = dir.join("file");
    run(async {
        let mut file = create_both(&path).await?;
        file.write_all(&bytes).await?;
        file.flush().await?;
        let mapping = map(&File::open(&path)?)?;
        assert_same(&mapping[..], &bytes, "mapped");
        drop(mapping);

        // `with_mut` settles what was written, and lends the file itself.
        file.write_all(b"more").await?;
        let mapping = file.with_mut(|file| map(file)).await??;
        assert_same(&mapping[..], [&bytes[..], b"more"].concat(), "mapped");
        io::Result::Ok(())
    })
    .unwrap();
}

/// What was written is flushed first. The mapping outlives the file.
#[test]
fn mapped_as_it_is() {
    let (dir, bytes) = (Dir::new(), noise(300_000));
    let path = dir.join("file");
    let mapping = run(async {
        let mut file = create_both(&path).await?;
        file.write_all(&bytes).await?;
        file.flush().await?;
        let mapping = map_async(&file)?;
        assert_same(&mapping[..], &bytes, "mapped");
        file.close().await?;
        io::Result::Ok(mapping)
    });
    assert_same(&mapping.unwrap()[..], bytes, "mapped, and the file closed");
}

#[test]
fn what_the_mapping_wrote_is_read() {
    let (dir, mut bytes) = (Dir::new(), noise(300_000));
    let path = dir.join("file");
    run(async {
        let mut file = create_both(&path).await?;
        file.write_all(&bytes).await?;
        let mut mapping = file.with_mut(|file| map_mut(file)).await??;
        mapping[1_000..2_000].fill(b'm');
        mapping[290_000..].fill(b'n');
        mapping.flush()?;
        bytes[1_000..2_000].fill(b'm');
        bytes[290_000..].fill(b'n');

        let mut read = vec![0; 10_000];
        let len = file.read_at(&mut read, 290_000).await?;
        assert_same(
            &read[..len],
            &bytes[290_000..290_000 + len],
            "read at an offset",
        );

        let mut read = Vec::new();
        file.seek(SeekFrom::Start(0)).await?;
        file.read_to_end(&mut read).await?;
        assert_same(&read, &bytes, "read");
        io::Result::Ok(())
    })
    .unwrap();
    assert_same(contents(path), bytes, "the file");
}

#[test]
fn a_file_made_larger_and_mapped() {
    let (dir, bytes) = (Dir::new(), noise(200_000));
    let path = dir.join("file");
    run(async {
        let mut file = create_both(&path).await?;
        file.set_len(bytes.len() as u64).await?;
        let mut mapping = file.with_mut(|file| map_mut(file)).await??;
        mapping.copy_from_slice(&bytes);
        drop(mapping);
        let mut read = Vec::new();
        file.read_to_end(&mut read).await?;
        assert_same(read, &bytes, "read");
        file.close().await
    })
    .unwrap();
    assert_same(contents(path), bytes, "the file");
}
