//! What tells two versions of a file apart: `ETag` and `Last-Modified`.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::request::Request;

/// The year 10,000, which an HTTP date cannot express.
const END_OF_DATES: u64 = 253_402_300_800;

pub(crate) struct Validators {
    pub(crate) etag: String,
    /// The time of the last modification in whole seconds, if an HTTP date can express it.
    pub(crate) modified: Option<SystemTime>,
}

impl Validators {
    /// Derives the entity tag from the inode, the size and the time of the last modification, so that no file has to
    /// be read for it. A file that is replaced has another inode.
    pub(crate) fn new(metadata: &Metadata) -> Validators {
        let since_epoch = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanoseconds = since_epoch.map_or(0, |time| time.as_nanos());
        Validators {
            etag: format!(
                "\"{:x}-{:x}-{nanoseconds:x}\"",
                inode(metadata),
                metadata.len()
            ),
            modified: metadata.modified().ok().and_then(whole_seconds),
        }
    }

    /// Returns `true` if the client has this version. As RFC 9110 says, `If-None-Match` goes before
    /// `If-Modified-Since`.
    pub(crate) fn match_cached(&self, request: &Request) -> bool {
        if let Some(tags) = request.header("If-None-Match") {
            let mut tags = tags.split(',').map(str::trim);
            return tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == self.etag);
        }
        let since = request.header("If-Modified-Since");
        let since = since.and_then(|date| httpdate::parse_http_date(&date).ok());
        self.modified
            .zip(since)
            .is_some_and(|(modified, since)| modified <= since)
    }

    /// Returns `true` if a range may be sent: there is no `If-Range`, or it names this version.
    pub(crate) fn allow_range(&self, request: &Request) -> bool {
        request.header("If-Range").is_none_or(|version| {
            let date = httpdate::parse_http_date(&version).ok();
            version == self.etag || (date.is_some() && date == self.modified)
        })
    }
}

/// Cuts a time to the whole second. `None` if an HTTP date cannot express it.
pub(crate) fn whole_seconds(time: SystemTime) -> Option<SystemTime> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    (seconds < END_OF_DATES).then(|| UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}
