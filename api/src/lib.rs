//! The public API of `anyfile` as text, and what its documentation lacks, for the tests of this package.
//!
//! Both are read from rustdoc's JSON, whose format changes every few releases of Rust. For a release of another
//! format: take the `public-api` and `rustdoc-types` that read it, change the release in `tests/api.rs`,
//! and write the snapshot again, because the paths in std may have changed too.

mod documentation;
mod json;

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::iter;
use std::path::Path;

use public_api::{Builder, PublicItem};
use rustdoc_types::{Crate, Id, Impl, Item, ItemEnum};

pub use documentation::gaps;
pub use json::rustdoc_json;

use json::read;

/// Returns the public API in a JSON file of rustdoc: one item a line, indented below what it belongs to.
///
/// What follows from other lines is left out: the methods of a trait where it is implemented, blanket
/// implementations, and auto traits, unless a type has one on a condition or not at all. So a `Send` that is
/// lost adds a line.
///
/// Neither the order of the source nor its division into `impl` blocks changes the text.
///
/// # Errors
///
/// Fails if the file cannot be read, or is not in the format that this package knows.
pub fn listing(json: &Path) -> Result<String, Box<dyn Error>> {
    let source = read(json)?;
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .build()?;
    // What is exported twice has its children in one place: the last, which is that in the root.
    let items: HashMap<Id, &PublicItem> = api.items().map(|item| (item.id(), item)).collect();
    let lines: BTreeSet<Vec<Line>> = api
        .items()
        .filter(|item| is_news(item, &source))
        .map(|item| ancestry(item, &items, &source))
        .collect();
    Ok(lines.iter().filter_map(|line| indented(line)).collect())
}

/// An item within its parent. The order is that of the listing.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    group: Group,
    name: String,
    text: String,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Named,
    Inherent,
    Trait,
}

impl Line {
    fn new(item: &PublicItem, source: &Crate) -> Line {
        let Item { name, inner, .. } = &source.index[&item.id()];
        let group = match inner {
            ItemEnum::Impl(Impl { trait_: None, .. }) => Group::Inherent,
            ItemEnum::Impl(_) => Group::Trait,
            _ => Group::Named,
        };
        Line {
            group,
            name: name.clone().unwrap_or_default(),
            text: item.to_string(),
        }
    }
}

/// Tells whether an item says what no other line does.
fn is_news(item: &PublicItem, source: &Crate) -> bool {
    match &source.index[&item.id()].inner {
        ItemEnum::Impl(implementation) => !is_expected(implementation),
        ItemEnum::Function(_) => !item
            .parent_id()
            .is_some_and(|parent| is_trait_impl(&source.index[&parent])),
        _ => true,
    }
}

fn is_trait_impl(item: &Item) -> bool {
    matches!(&item.inner, ItemEnum::Impl(implementation) if implementation.trait_.is_some())
}

/// Tells whether it is an auto trait that the type has unconditionally, or a trait that stable code cannot name.
fn is_expected(implementation: &Impl) -> bool {
    let Some(path) = &implementation.trait_ else {
        return false;
    };
    let name = path.path.rsplit("::").next().unwrap_or_default();
    let unconditional =
        !implementation.is_negative && implementation.generics.where_predicates.is_empty();
    implementation.is_synthetic && unconditional
        || ["Freeze", "UnsafeUnpin", "StructuralPartialEq"].contains(&name)
}

/// Returns the item after its ancestors, the crate first.
fn ancestry(item: &PublicItem, items: &HashMap<Id, &PublicItem>, source: &Crate) -> Vec<Line> {
    let parent = |item: &&PublicItem| items.get(&item.parent_id()?).copied();
    let mut lines: Vec<Line> = iter::successors(Some(item), parent)
        .map(|item| Line::new(item, source))
        .collect();
    lines.reverse();
    lines
}

/// Returns the line of an item, indented by its depth, or `None` for the crate itself.
fn indented(ancestry: &[Line]) -> Option<String> {
    let [_, ancestors @ .., item] = ancestry else {
        return None;
    };
    Some(format!("{}{}\n", "    ".repeat(ancestors.len()), item.text))
}
