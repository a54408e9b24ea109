//! What is remembered of one kind's objects in question, whatever order its sources tell of them in: a watch, one's own
//! writes, and questions about single objects. Each may be late. What is in doubt is forgotten, and asked about again.

use super::kinds::Known;
use policy::object::ObjectId;
use policy::plan::inventory::Uid;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is known of an object; none: it is absent.
type Fact = Option<Known>;

/// Of each object in question, the newest that was told.
#[derive(Debug, Default)]
pub(super) struct Memory {
    facts: HashMap<ObjectId, Fact>,
    /// Objects of which nothing was known when somebody asked: the answer is on its way.
    asked: BTreeSet<ObjectId>,
    /// Objects that were deleted since, by uid: an answer about one of them came too late.
    dead: BTreeMap<ObjectId, Uid>,
    /// Objects that are being written, and whether the watch has told something of them since that their write does not
    /// explain.
    writing: BTreeMap<ObjectId, bool>,
    listing: Option<Listing>,
}

/// A list that has begun.
#[derive(Debug)]
struct Listing {
    /// What was known when it began.
    before: HashMap<ObjectId, Fact>,
    found: BTreeMap<ObjectId, Known>,
}

impl Memory {
    /// Objects of which nothing is known until they are listed.
    pub(super) fn of(ids: impl IntoIterator<Item = ObjectId>) -> Self {
        Self { facts: ids.into_iter().map(|id| (id, None)).collect(), ..Self::default() }
    }

    /// What is known of these objects, and those of which nothing is: they are to be asked about. What nobody asks about
    /// any more is forgotten.
    pub(super) fn recall(&mut self, ids: &[&ObjectId]) -> (Vec<(ObjectId, Fact)>, Vec<ObjectId>) {
        if self.facts.len() > ids.len() {
            let in_question: BTreeSet<_> = ids.iter().copied().collect();
            self.facts.retain(|id, _| in_question.contains(id));
        }
        let (mut known, mut unknown) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            match self.facts.get(*id) {
                Some(fact) => known.push(((*id).clone(), fact.clone())),
                None => unknown.push((*id).clone()),
            }
        }
        self.asked = unknown.iter().cloned().collect();
        (known, unknown)
    }

    /// The answer to a question. What was heard meanwhile knows better.
    pub(super) fn answered(&mut self, id: ObjectId, fact: Fact) {
        self.asked.remove(&id);
        let fact = fact.filter(|known| self.dead.get(&id) != Some(&known.uid));
        self.facts.entry(id).or_insert(fact);
    }

    /// What is known of an object turned out to be wrong: it is asked about again.
    pub(super) fn doubt(&mut self, id: &ObjectId) {
        self.facts.remove(id);
    }

    /// What one's own write left. Somebody else may have written since, and the watch have told of it already.
    pub(super) fn wrote(&mut self, id: &ObjectId, left: Known) {
        if self.dead.get(id) == Some(&left.uid) {
            return;
        }
        match self.facts.get(id) {
            Some(Some(known)) if known.uid == left.uid && is_newer(known, &left) => {}
            _ => {
                self.facts.insert(id.clone(), Some(left));
                self.writing.entry(id.clone()).and_modify(|heard| *heard = false);
            }
        }
    }

    /// An object is about to be written: the watch may tell of it before the answer does.
    pub(super) fn writing_begins(&mut self, id: ObjectId) {
        self.writing.insert(id, false);
    }

    /// Its write is over; says whether the watch has told news of it meanwhile.
    pub(super) fn writing_ends(&mut self, id: &ObjectId) -> bool {
        self.writing.remove(id) == Some(true)
    }

    /// An object as the watch tells it; says whether that is news.
    pub(super) fn stands(&mut self, id: &ObjectId, now: Known) -> bool {
        match self.facts.get_mut(id) {
            Some(Some(known)) if !is_newer(&now, known) => false,
            Some(fact) => {
                self.dead.remove(id);
                *fact = Some(now);
                self.writing.get_mut(id).is_none_or(|heard| {
                    *heard = true;
                    false
                })
            }
            // The answer may have been made before that.
            None if self.asked.contains(id) => {
                self.facts.insert(id.clone(), Some(now));
                true
            }
            None => false,
        }
    }

    /// An object that the watch tells is gone; says whether that is news.
    pub(super) fn gone(&mut self, id: &ObjectId, last: &Known) -> bool {
        let asked = self.asked.contains(id);
        if !(asked || self.facts.contains_key(id)) {
            return false;
        }
        self.dead.insert(id.clone(), last.uid.clone());
        let Some(fact) = self.facts.get_mut(id) else { return asked };
        // One made anew since is another object.
        let same = fact.as_ref().is_some_and(|known| known.uid == last.uid);
        if same {
            *fact = None;
        }
        same
    }

    /// A list begins.
    pub(super) fn list_begins(&mut self) {
        self.listing = Some(Listing { before: self.facts.clone(), found: BTreeMap::new() });
    }

    /// One object of the list.
    pub(super) fn lists(&mut self, id: ObjectId, known: Known) {
        if let Some(listing) = self.listing.as_mut().filter(|listing| listing.before.contains_key(&id)) {
            listing.found.insert(id, known);
        }
    }

    /// The list is whole; says whether that is news. It speaks only of what was in question when it began and is known
    /// just so still: of the rest nobody can say whether it is newer than the list.
    pub(super) fn list_ends(&mut self) -> bool {
        let Some(Listing { before, mut found }) = self.listing.take() else { return false };
        self.dead.clear();
        let (mut news, mut doubtful) = (false, Vec::new());
        for (id, fact) in &mut self.facts {
            if before.get(id) != Some(fact) {
                doubtful.push(id.clone());
                continue;
            }
            let now = found.remove(id);
            news |= *fact != now;
            *fact = now;
        }
        news |= !doubtful.is_empty();
        doubtful.iter().for_each(|id| drop(self.facts.remove(id)));
        news
    }
}

/// Versions of one resource count upwards (KEP-5504); where they are no numbers, every other one is taken for newer.
fn is_newer(now: &Known, known: &Known) -> bool {
    let number = |known: &Known| known.version.0.parse::<u64>().ok();
    match (number(known), number(now)) {
        (Some(known), Some(now)) => now > known,
        _ => known != now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::object::Identity;
    use policy::plan::inventory::Version;

    fn id(name: &str) -> ObjectId {
        let namespace = Some("shop".parse().unwrap());
        ObjectId::from(Identity {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace,
            name: name.to_owned(),
        })
    }

    fn known(uid: &str, version: u64) -> Known {
        Known { uid: Uid(uid.into()), version: Version(version.to_string().into()), terminating: false }
    }

    /// Version of `a`, in question; 0 where it is absent, none where nothing is known.
    fn version(memory: &mut Memory) -> Option<u64> {
        let a = id("a");
        let (facts, _) = memory.recall(&[&a]);
        facts.first().map(|(_, fact)| fact.as_ref().map_or(0, |known| known.version.0.parse().unwrap()))
    }

    fn listed(known: Option<Known>) -> Memory {
        let mut memory = Memory::of([id("a")]);
        memory.list_begins();
        if let Some(known) = known {
            memory.lists(id("a"), known);
        }
        memory.list_ends();
        memory
    }

    #[test]
    fn ones_own_write_does_not_hide_what_somebody_wrote_after_it() {
        let mut memory = listed(Some(known("u", 5)));
        assert!(memory.stands(&id("a"), known("u", 11)), "somebody's write is heard first");
        memory.wrote(&id("a"), known("u", 10));
        assert_eq!(version(&mut memory), Some(11));
        assert!(!memory.stands(&id("a"), known("u", 10)), "the event of one's own write is no news");
    }

    #[test]
    fn the_event_of_ones_own_write_is_no_news_though_it_comes_before_the_answer() {
        for (heard, news) in [(None, false), (Some(10), false), (Some(11), true)] {
            let mut memory = listed(Some(known("u", 5)));
            memory.writing_begins(id("a"));
            if let Some(heard) = heard {
                assert!(!memory.stands(&id("a"), known("u", heard)), "nobody knows yet whose write it is");
            }
            memory.wrote(&id("a"), known("u", 10));
            assert_eq!(memory.writing_ends(&id("a")), news, "{heard:?}");
            assert!(memory.stands(&id("a"), known("u", 12)));
        }
    }

    #[test]
    fn what_is_heard_while_a_write_fails_is_news_after_it() {
        let mut memory = listed(Some(known("u", 5)));
        memory.writing_begins(id("a"));
        assert!(!memory.stands(&id("a"), known("u", 6)));
        assert!(memory.writing_ends(&id("a")));
    }

    #[test]
    fn ones_own_write_does_not_bring_back_what_was_deleted_after_it() {
        let mut memory = listed(None);
        assert!(!memory.gone(&id("a"), &known("u", 11)), "made and deleted before our answer came");
        memory.wrote(&id("a"), known("u", 10));
        assert_eq!(version(&mut memory), Some(0));
        memory.wrote(&id("a"), known("v", 12));
        assert_eq!(version(&mut memory), Some(12), "another one is not dead");
    }

    #[test]
    fn one_made_anew_outlives_the_news_of_the_old_ones_end() {
        let mut memory = listed(Some(known("old", 5)));
        memory.wrote(&id("a"), known("new", 9));
        assert!(!memory.gone(&id("a"), &known("old", 8)));
        assert_eq!(version(&mut memory), Some(9));
    }

    #[test]
    fn what_happens_while_an_answer_is_on_its_way_is_heard() {
        let asked = || {
            let mut memory = Memory::default();
            let (_, unknown) = memory.recall(&[&id("a")]);
            assert_eq!(unknown, [id("a")]);
            memory
        };
        let mut memory = asked();
        assert!(memory.stands(&id("a"), known("u", 6)), "the round that asked has not seen it");
        memory.answered(id("a"), Some(known("u", 5)));
        assert_eq!(version(&mut memory), Some(6));
        let mut memory = asked();
        assert!(memory.gone(&id("a"), &known("u", 6)));
        memory.answered(id("a"), Some(known("u", 5)));
        assert_eq!(version(&mut memory), Some(0));
        let mut memory = asked();
        memory.answered(id("a"), Some(known("u", 5)));
        memory.doubt(&id("a"));
        assert_eq!(version(&mut memory), None);
        assert!(memory.stands(&id("a"), known("u", 6)));
    }

    #[test]
    fn a_list_says_nothing_of_what_came_into_question_while_it_was_made() {
        let mut memory = Memory::of([id("b")]);
        memory.list_begins();
        memory.answered(id("a"), Some(known("u", 5)));
        memory.lists(id("a"), known("u", 7));
        assert!(memory.list_ends(), "a round must ask again");
        let (_, unknown) = memory.recall(&[&id("a"), &id("b")]);
        assert_eq!(unknown, [id("a")]);
    }

    #[test]
    fn a_list_says_nothing_of_what_was_written_while_it_was_made() {
        for found in [None, Some(known("u", 5))] {
            let mut memory = listed(found.clone());
            memory.list_begins();
            memory.wrote(&id("a"), known("u", 10));
            if let Some(found) = found {
                memory.lists(id("a"), found);
            }
            assert!(memory.list_ends());
            assert_eq!(version(&mut memory), None, "neither the list nor the write is believed");
        }
    }

    #[test]
    fn a_later_list_tells_what_no_event_told() {
        let mut memory = listed(Some(known("u", 5)));
        for (found, news, version_then) in
            [(Some(known("u", 5)), false, 5), (Some(known("u", 6)), true, 6), (None, true, 0)]
        {
            memory.list_begins();
            if let Some(found) = found {
                memory.lists(id("a"), found);
            }
            assert_eq!((memory.list_ends(), version(&mut memory)), (news, Some(version_then)));
        }
    }

    #[test]
    fn what_nobody_asks_about_is_not_remembered() {
        let mut memory = Memory::of(["a", "b", "c"].map(id));
        let (a, b) = (id("a"), id("b"));
        memory.recall(&[&a]);
        assert!(!memory.stands(&b, known("u", 1)) && memory.stands(&a, known("u", 1)));
    }
}
