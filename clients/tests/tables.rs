//! csv-async: records written to a file and read from it.

use std::path::Path;

use anyfile_clients::{Dir, assert_same, contents, create, open, run};
use csv_async::{AsyncReader, AsyncWriter, Result, StringRecord};
use futures_lite::StreamExt;

/// Records with all that must be quoted.
fn records() -> Vec<StringRecord> {
    let record = |number: usize| {
        StringRecord::from(vec![
            number.to_string(),
            "a, b".repeat(number % 5),
            format!("\"{number}\"\nand more"),
            String::new(),
            "ü".repeat(number % 40),
        ])
    };
    (0..5_000).map(record).collect()
}

async fn write(path: &Path, records: &[StringRecord]) -> Result<()> {
    let mut writer = AsyncWriter::from_writer(create(path).await?);
    for record in records {
        writer.write_record(record).await?;
    }
    let mut file = writer.into_inner().await?;
    Ok(file.close().await?)
}

#[test]
fn records_written_and_read_back() {
    let (dir, records) = (Dir::new(), records());
    let path = dir.join("csv");
    run(write(&path, &records)).unwrap();

    let in_memory = run(async {
        let mut writer = AsyncWriter::from_writer(Vec::new());
        for record in &records {
            writer.write_record(record).await.unwrap();
        }
        writer.into_inner().await.unwrap()
    });
    assert_same(contents(&path), in_memory, "the file");

    let read: Vec<StringRecord> = run(async {
        let mut reader = AsyncReader::from_reader(open(&path).await?);
        let mut read = vec![reader.headers().await?.clone()];
        let mut records = reader.records();
        while let Some(record) = records.try_next().await? {
            read.push(record);
        }
        Result::Ok(read)
    })
    .unwrap();
    assert!(read == records);
}

#[test]
fn records_read_from_where_they_are() {
    let (dir, records) = (Dir::new(), records());
    let path = dir.join("csv");
    run(write(&path, &records)).unwrap();
    run(async {
        let mut reader = AsyncReader::from_reader(open(&path).await?);
        let (mut record, mut positions) = (StringRecord::new(), Vec::new());
        // The first line is the header.
        for expected in &records[1..] {
            positions.push(reader.position().clone());
            assert!(reader.read_record(&mut record).await?);
            assert!(&record == expected);
        }
        // The position before the header was read is the header's.
        for (number, position) in positions.into_iter().enumerate().skip(1).step_by(997) {
            reader.seek(position).await?;
            assert!(reader.read_record(&mut record).await?);
            assert!(record == records[number + 1]);
        }
        Result::Ok(())
    })
    .unwrap();
}

#[test]
fn records_appended_to_a_file() {
    let (dir, records) = (Dir::new(), records());
    let path = dir.join("csv");
    let (first, second) = records.split_at(2_000);
    run(async {
        write(&path, first).await?;
        let file = anyfile::open_file(&path).append(true).await?;
        let mut writer = AsyncWriter::from_writer(file);
        for record in second {
            writer.write_record(record).await?;
        }
        // Flushed and dropped, rather than closed.
        Ok::<_, csv_async::Error>(writer.flush().await?)
    })
    .unwrap();
    let whole = dir.join("whole");
    run(write(&whole, &records)).unwrap();
    assert_same(contents(&path), contents(&whole), "the file");
}
