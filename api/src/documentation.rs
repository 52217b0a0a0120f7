//! What the documentation of a public function must have.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use rustdoc_types::{Crate, Function, Id, Item, ItemEnum, Type, Visibility};

use crate::json;

/// Returns what the documentation of the public functions and methods lacks, a line each.
///
/// The first sentence begins with a verb in the third person, as in std, or with "Same as". There is an example.
/// An option says its default, a function that returns a `Result` has a section `# Errors`, and an `async fn` a
/// section `# Cancel safety`.
///
/// # Errors
///
/// Fails if the file cannot be read, or is not in the format that this package knows.
pub fn gaps(json: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let source = json::read(json)?;
    let mut gaps = BTreeMap::new();
    collect(&source, source.root, "", &mut gaps);
    Ok(gaps.into_values().flatten().collect())
}

/// Collects the gaps of an item and of what is in it.
fn collect(source: &Crate, id: Id, parent: &str, gaps: &mut BTreeMap<Id, Vec<String>>) {
    // What another crate declares is not in the index.
    let Some(item) = source.index.get(&id) else {
        return;
    };
    let path = format!("{parent}::{}", item.name.as_deref().unwrap_or_default());
    let children = match &item.inner {
        ItemEnum::Function(function) => {
            // An item that is exported twice is visited twice.
            let found = lacks(item, function).map(|gap| format!("{path}: {gap}"));
            gaps.insert(id, found.collect());
            return;
        }
        ItemEnum::Use(exported) => {
            return exported
                .id
                .into_iter()
                .for_each(|id| collect(source, id, parent, gaps));
        }
        ItemEnum::Module(module) => module.items.clone(),
        ItemEnum::Struct(item) => methods(source, &item.impls),
        ItemEnum::Enum(item) => methods(source, &item.impls),
        _ => return,
    };
    for child in children {
        collect(source, child, &path, gaps);
    }
}

/// The public methods of inherent implementations. Those of a trait are documented where the trait is.
fn methods(source: &Crate, impls: &[Id]) -> Vec<Id> {
    let inherent = impls.iter().filter_map(|id| match &source.index[id].inner {
        ItemEnum::Impl(implementation) if implementation.trait_.is_none() => {
            Some(&implementation.items)
        }
        _ => None,
    });
    inherent
        .flatten()
        .filter(|id| source.index[id].visibility == Visibility::Public)
        .copied()
        .collect()
}

fn lacks(item: &Item, function: &Function) -> impl Iterator<Item = &'static str> {
    let docs = item.docs.as_deref().unwrap_or_default();
    [
        (
            !begins_with_verb(docs),
            "the first sentence begins with no verb in the third person",
        ),
        (!docs.contains("```"), "there is no example"),
        (
            is_option(function) && !docs.contains("default"),
            "the default is not given",
        ),
        (
            is_fallible(function) && !docs.contains("# Errors"),
            "there is no section `# Errors`",
        ),
        (
            function.header.is_async && !docs.contains("# Cancel safety"),
            "there is no section `# Cancel safety`",
        ),
    ]
    .into_iter()
    .filter_map(|(is_missing, gap)| is_missing.then_some(gap))
}

/// An adverb may come before the verb.
fn begins_with_verb(docs: &str) -> bool {
    let mut words = docs.split_whitespace();
    let is_verb = words
        .find(|word| !word.ends_with("ly"))
        .is_some_and(|word| {
            word.ends_with('s')
                && word.chars().all(char::is_alphabetic)
                && !["This", "Its", "As", "Is"].contains(&word)
        });
    is_verb || docs.starts_with("Same as ")
}

/// An option takes the builder by value, and something to set, and returns the builder.
fn is_option(function: &Function) -> bool {
    let is_self = |argument: &Type| matches!(argument, Type::Generic(name) if name == "Self");
    matches!(&function.sig.inputs[..], [(_, first), _, ..] if is_self(first))
        && function.sig.output.as_ref().is_some_and(is_self)
}

fn is_fallible(function: &Function) -> bool {
    matches!(&function.sig.output, Some(Type::ResolvedPath(path)) if path.path.ends_with("Result"))
}
