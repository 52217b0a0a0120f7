//! From a request to its response.

use std::fs::Metadata;

use anyfile::{Path, open_file};

use crate::listing;
use crate::media::content_type;
use crate::range::Asked;
use crate::request::{Method, Request};
use crate::response::{Body, Failure, Response, Status};
use crate::site::{Site, Target};
use crate::validators::Validators;

/// Answers a request. A failure is a response as well.
pub(crate) async fn answer(request: &Request, site: &Site) -> Response {
    if request.method == Method::Other {
        return Response::failure(Status::MethodNotAllowed).with("Allow", "GET, HEAD");
    }
    find(request, site).await.unwrap_or_else(Response::failure)
}

/// Finds the file or the directory that a request names.
async fn find(request: &Request, site: &Site) -> Result<Response, Failure> {
    let target = Target::parse(&request.target)?;
    let path = site.find(&target).await?;
    let metadata = path.metadata().await?;
    if metadata.is_dir() {
        return directory(request, site, &target, &path).await;
    }
    if target.is_directory {
        return Err(Status::NotFound.into());
    }
    file(request, &path, &metadata).await
}

/// Answers with the directory's `index.html`, or with a page that lists it.
async fn directory(
    request: &Request,
    site: &Site,
    target: &Target,
    path: &Path,
) -> Result<Response, Failure> {
    // Relative links in the page need the slash.
    if !target.is_directory {
        let page = Response::failure(Status::MovedPermanently);
        return Ok(page.with("Location", target.to_directory()));
    }
    if let Ok(index) = site.resolve(&path.join("index.html")).await {
        let metadata = index.metadata().await?;
        if metadata.is_file() {
            return file(request, &index, &metadata).await;
        }
    }
    let page = listing::page(site, target, path).await?;
    Ok(Response::page(Status::Ok, page))
}

/// Answers with a file, a part of it, or the status that the client has it already.
async fn file(request: &Request, path: &Path, metadata: &Metadata) -> Result<Response, Failure> {
    // Opening a FIFO waits for its other end, and opening a device may do anything.
    if !metadata.is_file() {
        return Err(Status::Forbidden.into());
    }
    let file = open_file(path).await?;
    // What is sent belongs to this file, even if the path now leads to another one.
    let metadata = file.metadata().await?;
    let validators = Validators::new(&metadata);
    let len = metadata.len();
    let response = if validators.match_cached(request) {
        Response::new(Status::NotModified, Body::Empty)
    } else {
        match asked(request, &validators, len) {
            Asked::Whole => Response::new(Status::Ok, Body::File(Box::new(file), 0..len)),
            Asked::Part(range) => {
                let content_range = format!("bytes {}-{}/{len}", range.start, range.end - 1);
                Response::new(Status::PartialContent, Body::File(Box::new(file), range))
                    .with("Content-Range", content_range)
            }
            Asked::Unsatisfiable => {
                let page = Response::failure(Status::RangeNotSatisfiable);
                return Ok(page.with("Content-Range", format_args!("bytes */{len}")));
            }
        }
        .with("Content-Type", content_type(path))
    };
    let response = response
        .with("ETag", &validators.etag)
        .with("Accept-Ranges", "bytes");
    Ok(match validators.modified {
        Some(modified) => response.with("Last-Modified", httpdate::fmt_http_date(modified)),
        None => response,
    })
}

/// Returns the part of the file that the request asks for. Ranges are for `GET` alone.
fn asked(request: &Request, validators: &Validators, len: u64) -> Asked {
    match request.header("Range") {
        Some(range) if request.method == Method::Get && validators.allow_range(request) => {
            Asked::of(&range, len)
        }
        _ => Asked::Whole,
    }
}
