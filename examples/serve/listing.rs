//! The page of a directory.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fmt::Write;
use std::io;
use std::iter;
use std::time::SystemTime;

use anyfile::Path;
use futures::TryStreamExt;

use crate::page::{self, escape};
use crate::response::Failure;
use crate::site::{Site, Target, encode};
use crate::validators::whole_seconds;

/// The number of entries whose metadata is read at once.
const IN_FLIGHT: usize = 16;

/// The pictures that the rows refer to.
const ICONS: &str = r#"<svg hidden>
<symbol id="folder" viewBox="0 0 20 20"><path d="M2 5.5A1.5 1.5 0 0 1 3.5 4h3.8l1.9 2h7.3A1.5 1.5 0 0 1
18 7.5v7a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 2 14.5z"/></symbol>
<symbol id="file" viewBox="0 0 20 20"><path d="M5.5 2.5H11l4 4v11H5.5zM11 2.5v4h4"/></symbol>
<symbol id="up" viewBox="0 0 20 20"><path d="M10 16V5M5 9.5l5-5 5 5"/></symbol>
</svg>
"#;

struct Entry {
    name: String,
    link: String,
    kind: Kind,
    modified: Option<SystemTime>,
}

#[derive(PartialEq)]
enum Kind {
    Folder,
    /// A regular file and its size.
    File(u64),
}

/// Returns the page that lists a directory, folders first.
pub(crate) async fn page(
    site: &Site,
    target: &Target,
    directory: &Path,
) -> Result<String, Failure> {
    let entries = directory.iterdir().map_ok(|path| entry(site, path));
    let mut entries: Vec<Entry> = entries
        .try_buffer_unordered(IN_FLIGHT)
        .try_filter_map(async |entry| Ok(entry))
        .try_collect()
        .await?;
    entries.sort_by_cached_key(|entry| {
        let is_folder = entry.kind == Kind::Folder;
        (
            Reverse(is_folder),
            entry.name.to_lowercase(),
            entry.link.clone(),
        )
    });
    let title = match target.names.last() {
        Some(name) => name.to_string_lossy(),
        None => "Files".into(),
    };
    Ok(page::page(&title, &body(target, &entries)))
}

/// Returns what the page shows of `path`. `None` if it cannot be fetched: a link out of the root or to nowhere, a
/// device, or an entry that was removed meanwhile.
async fn entry(site: &Site, path: Path) -> io::Result<Option<Entry>> {
    // The type comes with the listing: only links have to be resolved.
    let is_link = path.info().is_symlink() != Some(false);
    if is_link && site.resolve(&path).await.is_err() {
        return Ok(None);
    }
    let Ok(metadata) = path.metadata().await else {
        return Ok(None);
    };
    let kind = if metadata.is_dir() {
        Kind::Folder
    } else if metadata.is_file() {
        Kind::File(metadata.len())
    } else {
        return Ok(None);
    };
    let name = path.file_name().unwrap_or_default();
    Ok(Some(Entry {
        name: name.to_string_lossy().into_owned(),
        link: encode(name),
        kind,
        modified: metadata.modified().ok().and_then(whole_seconds),
    }))
}

fn body(target: &Target, entries: &[Entry]) -> String {
    let mut html = String::from(ICONS);
    html.push_str(&crumbs(target));
    html.push_str(
        "<table>\n<thead><tr><th>Name<th class=\"size\">Size\
         <th class=\"time\">Modified (UTC)</thead>\n<tbody>\n",
    );
    if !target.names.is_empty() {
        html.push_str(&row("up", "../", "Parent folder", "", ""));
    }
    for entry in entries {
        html.push_str(&entry.row());
    }
    html.push_str("</tbody>\n</table>\n");
    html + "<footer>" + &summary(entries) + "</footer>\n"
}

/// Returns the path of the directory, with a link to each of its ancestors.
fn crumbs(target: &Target) -> String {
    let mut html = String::from("<h1>");
    let ancestors =
        iter::once(OsStr::new("Files")).chain(target.names.iter().map(|name| name.as_os_str()));
    for (depth, name) in ancestors.enumerate() {
        let name = escape(&name.to_string_lossy());
        let up = target.names.len() - depth;
        let _ = if up == 0 {
            write!(html, "<bdi>{name}</bdi>")
        } else {
            write!(
                html,
                "<a href=\"{}\"><bdi>{name}</bdi></a><span>/</span>",
                "../".repeat(up)
            )
        };
    }
    html + "</h1>\n"
}

impl Entry {
    fn row(&self) -> String {
        let time = self.modified.map(time).unwrap_or_default();
        match self.kind {
            Kind::Folder => row("folder", &format!("{}/", self.link), &self.name, "", &time),
            Kind::File(len) => row("file", &self.link, &self.name, &size(len), &time),
        }
    }
}

fn row(icon: &str, link: &str, name: &str, size: &str, time: &str) -> String {
    format!(
        "<tr><td><a class=\"{icon}\" href=\"{link}\"><svg><use href=\"#{icon}\"/></svg><bdi>{}</bdi></a>\
         <td class=\"size\">{size}<td class=\"time\">{time}\n",
        escape(name)
    )
}

/// Returns a time as `27 Nov 2026 01:52`: the middle of an HTTP date.
fn time(time: SystemTime) -> String {
    let date = httpdate::fmt_http_date(time);
    date.get(5..22).unwrap_or_default().to_owned()
}

/// Returns a size with three digits or so: `512 B`, `1.5 KiB`, `12 MiB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What is printed as 1024 belongs to the next unit.
    while value >= 1023.5 {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// Returns a line such as `2 folders · 1 file · 1.5 KiB`.
fn summary(entries: &[Entry]) -> String {
    let sizes = entries.iter().filter_map(|entry| match entry.kind {
        Kind::File(len) => Some(len),
        Kind::Folder => None,
    });
    let files = sizes.clone().count();
    let folders = entries.len() - files;
    let mut parts = Vec::new();
    if folders > 0 {
        parts.push(counted(folders, "folder"));
    }
    if files > 0 {
        parts.push(counted(files, "file"));
        parts.push(size(sizes.fold(0, u64::saturating_add)));
    }
    if parts.is_empty() {
        return String::from("This folder is empty.");
    }
    parts.join(" · ")
}

fn counted(count: usize, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}
