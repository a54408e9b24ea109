//! What grows beyond a limit, so that no spoke would take it.

use super::Group;
use super::tally::Tally;
use crate::bundle::entry::Entry;
use crate::bundle::verify::{MAX_BUNDLE, MAX_CONTENTS, MAX_ENTRY};
use crate::canonical;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::name::{ClusterName, DocumentName};
use std::collections::BTreeMap;

/// A line of contents without its name and the digits of its size.
const LINE: usize = 128;

/// The size of each entry, with the clusters that it goes to.
#[derive(Default)]
pub(super) struct Sizes<'c>(Vec<(Size, Vec<&'c ClusterName>)>);

/// What an entry adds to the contents and to the bundle.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    contents: usize,
    bundle: usize,
}

impl Size {
    const fn plus(self, other: Self) -> Self {
        Self { contents: self.contents + other.contents, bundle: self.bundle + other.bundle }
    }

    const fn within_limits(self) -> bool {
        self.contents <= MAX_CONTENTS && self.bundle <= MAX_BUNDLE
    }
}

impl<'c> Sizes<'c> {
    /// Notes the size of an entry, and tells it when it is beyond an entry's limit.
    pub(super) fn add(&mut self, group: &Group<'_, 'c>, entry: &Entry, tally: &mut Tally<'c>) {
        let bundle = canonical::to_vec(entry).map_or(0, |bytes| bytes.len());
        if bundle > MAX_ENTRY {
            let message = format!("{} becomes {bundle} bytes, and an entry may have {MAX_ENTRY}", entry.name);
            let rule = group.choice.rule.rule;
            let diagnostic = rule.doc.error(Code::TooLarge, "/metadata/name", message).help("split the rule");
            tally.within(diagnostic, group.clusters.iter().copied());
        }
        let contents = LINE + entry.name.to_string().len();
        self.0.push((Size { contents, bundle }, group.clusters.clone()));
    }

    /// Tells the clusters whose contents or bundle is beyond its limit.
    pub(super) fn told(self, catalog: &DocumentName, tally: &mut Tally<'c>) {
        // A fleet's sum bounds every cluster's, and is almost always small enough to end here.
        if self.0.iter().fold(Size::default(), |sum, (size, _)| sum.plus(*size)).within_limits() {
            return;
        }
        let mut clusters = BTreeMap::<&ClusterName, Size>::new();
        for (size, names) in &self.0 {
            for name in names {
                let sum = clusters.entry(name).or_default();
                *sum = sum.plus(*size);
            }
        }
        let beyond = clusters.into_iter().filter(|(_, size)| !size.within_limits());
        beyond.for_each(|(name, _)| tally.within(beyond_limits(catalog), [name]));
    }
}

fn beyond_limits(catalog: &DocumentName) -> Diagnostic {
    let message = format!(
        "catalog {catalog}: the rules together become more than {MAX_CONTENTS} bytes of contents or {MAX_BUNDLE} bytes of entries"
    );
    let help = "narrow the scopes of rules, so that fewer hold in one cluster";
    Diagnostic::error(Code::TooLarge, "writ.yaml", Span::START, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clusters_beyond_a_limit_are_told() {
        let catalog = "acme".parse().unwrap();
        let [one, both, other]: [ClusterName; 3] = ["eu-1", "eu-2", "us-1"].map(|name| name.parse().unwrap());
        for half in
            [Size { contents: 0, bundle: MAX_BUNDLE / 2 + 1 }, Size { contents: MAX_CONTENTS / 2 + 1, bundle: 0 }]
        {
            let mut tally = Tally::default();
            Sizes(vec![(half, vec![&one, &both]), (half, vec![&both, &other])]).told(&catalog, &mut tally);
            let told = tally.diagnostics();
            assert_eq!(told.len(), 1);
            assert!(told[0].message.ends_with("in cluster eu-2"), "{}", told[0].message);
        }
    }
}
