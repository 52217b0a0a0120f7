//! The objects of the server, which are in memory.
//!
//! The protocol is that of `s3s`: it parses the requests, checks their signatures and answers errors. `s3s-fs`, which
//! keeps objects in files, computes the MD5 sum of the whole object for each part of it that is read.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use futures::{TryStreamExt, stream};
use hyper::body::Bytes;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, PutObjectInput,
    PutObjectOutput, StreamingBlob, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use tokio::sync::watch;
use tokio::time::timeout;

/// The only bucket.
pub(super) const BUCKET: &str = "bucket";

/// The number of bytes that are sent at a time.
const PIECE: usize = 64 << 10;

/// How long a response waits in the middle. No test takes that long.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far the bodies of responses flow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Flow {
    /// To their ends.
    #[default]
    Free,
    /// To this offset of the object, where they wait.
    StopsAt(usize),
    /// To this offset of the object, where the connection is closed. Later ones flow freely.
    BreaksAt(usize),
}

#[derive(Default)]
pub(super) struct Objects {
    objects: Mutex<HashMap<String, Bytes>>,
    /// The parts of the uploads that are not complete.
    uploads: Mutex<HashMap<String, BTreeMap<i32, Bytes>>>,
    begun: AtomicUsize,
    reads: AtomicUsize,
    pub(super) flow: watch::Sender<Flow>,
}

impl Objects {
    pub(super) fn get(&self, key: &str) -> Option<Bytes> {
        lock(&self.objects).get(key).cloned()
    }

    pub(super) fn put(&self, key: &str, bytes: Bytes) {
        lock(&self.objects).insert(key.to_owned(), bytes);
    }

    pub(super) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    fn find(&self, key: &str) -> S3Result<Bytes> {
        self.get(key).ok_or_else(|| s3_error!(NoSuchKey))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic with the lock held")
}

/// The rest of a body, its offset in the object, and how far it flows.
type Rest = (Bytes, usize, watch::Sender<Flow>);

fn body(rest: Rest) -> StreamingBlob {
    StreamingBlob::wrap(stream::try_unfold(rest, next_piece))
}

async fn next_piece((mut rest, offset, flow): Rest) -> io::Result<Option<(Bytes, Rest)>> {
    if rest.is_empty() {
        return Ok(None);
    }
    let mut watched = flow.subscribe();
    let flows = watched.wait_for(|flow| !matches!(flow, Flow::StopsAt(limit) if *limit <= offset));
    let limit = match *timeout(PATIENCE, flows).await?.map_err(io::Error::other)? {
        Flow::Free => usize::MAX,
        Flow::StopsAt(limit) | Flow::BreaksAt(limit) => limit,
    };
    let len = limit.saturating_sub(offset).min(PIECE).min(rest.len());
    if len == 0 {
        flow.send_replace(Flow::Free);
        return Err(ErrorKind::ConnectionReset.into());
    }
    Ok(Some((rest.split_to(len), (rest, offset + len, flow))))
}

/// Receives the body of a request.
async fn receive(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
    let bytes = body.try_fold(Vec::new(), async |mut bytes, piece| {
        bytes.extend_from_slice(&piece);
        Ok(bytes)
    });
    let bytes = bytes.await.map_err(|_| s3_error!(IncompleteBody))?;
    Ok(bytes.into())
}

/// The bucket as `s3s` wants it.
pub(super) struct Bucket(pub(super) Arc<Objects>);

#[async_trait]
impl S3 for Bucket {
    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let bytes = self.0.find(&request.input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(bytes.len() as i64),
            ..HeadObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        let bytes = self.0.find(&request.input.key)?;
        let len = bytes.len();
        let range = match request.input.range {
            None => 0..len,
            Some(range) => {
                let range = range.check(len as u64)?;
                range.start as usize..range.end as usize
            }
        };
        let (first, end) = (range.start, range.end);
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(range.len() as i64),
            content_range: request
                .input
                .range
                .map(|_| format!("bytes {first}-{}/{len}", end - 1)),
            body: Some(body((bytes.slice(range), first, self.0.flow.clone()))),
            ..GetObjectOutput::default()
        }))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let PutObjectInput { key, body, .. } = request.input;
        self.0.put(&key, receive(body).await?);
        Ok(S3Response::new(PutObjectOutput::default()))
    }

    async fn create_multipart_upload(
        &self,
        _request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let id = self.0.begun.fetch_add(1, Ordering::SeqCst).to_string();
        lock(&self.0.uploads).insert(id.clone(), BTreeMap::new());
        Ok(S3Response::new(CreateMultipartUploadOutput {
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let bytes = receive(input.body).await?;
        let mut uploads = lock(&self.0.uploads);
        let parts = uploads.get_mut(&input.upload_id);
        let parts = parts.ok_or_else(|| s3_error!(NoSuchUpload))?;
        parts.insert(input.part_number, bytes);
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(format!("\"{}\"", input.part_number)),
            ..UploadPartOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let parts = lock(&self.0.uploads).remove(&input.upload_id);
        let parts = parts.ok_or_else(|| s3_error!(NoSuchUpload))?;
        let parts: Vec<Bytes> = parts.into_values().collect();
        self.0.put(&input.key, parts.concat().into());
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            e_tag: Some(format!("\"{}\"", input.upload_id)),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        lock(&self.0.uploads).remove(&request.input.upload_id);
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}
