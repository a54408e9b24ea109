//! The law of ranges: whatever history leads from one commit to another, each path at which they differ is one that
//! some commit between them answers for.

use super::{CommitId, Repository};
use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Commit, Tree};
use proptest::prelude::*;
use std::collections::BTreeSet;

const FILES: [&str; 3] = ["a", "b", "c"];

/// One commit: which earlier ones are its parents, and what each file holds; none: it is not there.
type Step = (Vec<prop::sample::Index>, [Option<u8>; FILES.len()]);

fn step() -> impl Strategy<Value = Step> {
    let file = || prop::option::weighted(0.8, 0..3_u8);
    (prop::collection::vec(any::<prop::sample::Index>(), 1..=2), [file(), file(), file()])
}

fn write(repository: &gix::Repository, parents: Vec<ObjectId>, files: [Option<u8>; FILES.len()]) -> ObjectId {
    let blob = |text: u8| repository.write_blob([text]).unwrap().detach();
    let files = FILES.iter().zip(files);
    let entry = |name: &&str, text| Entry { mode: EntryKind::Blob.into(), filename: (**name).into(), oid: blob(text) };
    let entries = files.filter_map(|(name, text)| Some(entry(name, text?))).collect();
    let tree = repository.write_object(&Tree { entries }).unwrap().detach();
    let who = gix::actor::Signature {
        name: "Ada".into(),
        email: "ada@acme.example".into(),
        time: gix::date::Time::new(0, 0),
    };
    let commit = Commit {
        tree,
        parents: parents.into_iter().collect(),
        author: who.clone(),
        committer: who,
        encoding: None,
        message: "one".into(),
        extra_headers: Vec::new(),
    };
    repository.write_object(&commit).unwrap().detach()
}

/// Each case writes a repository of its own.
fn a_share() -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig { cases: all.cases.div_ceil(4), ..all }
}

proptest! {
    #![proptest_config(a_share())]
    #[test]
    fn inv26_somebody_answers_for_every_path_that_differs(steps in prop::collection::vec(step(), 2..12), from: prop::sample::Index) {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Repository::open(&folder.path().join("catalog.git")).unwrap();
        let repository = mirror.local();
        let mut commits: Vec<ObjectId> = vec![write(&repository, Vec::new(), [Some(0); FILES.len()])];
        for (parents, files) in steps {
            let parents: BTreeSet<ObjectId> = parents.iter().map(|index| commits[index.index(commits.len())]).collect();
            commits.push(write(&repository, parents.into_iter().collect(), files));
        }
        let to = CommitId(*commits.last().unwrap());
        let from = CommitId(commits[from.index(commits.len())]);
        let Ok(changed) = mirror.changed(from, to) else { return Ok(()) };
        let answered: BTreeSet<String> = mirror.range(from, to).unwrap().into_iter().flat_map(|link| link.paths).collect();
        prop_assert!(changed.is_subset(&answered), "{changed:?}, but only {answered:?}");
    }
}
