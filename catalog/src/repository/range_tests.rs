//! What changed in a range, of histories as git makes them and as nobody honest would.

use super::budget::Budget;
use super::tests::World;
use super::{CommitId, Link, RangeError};
use std::collections::BTreeSet;

impl World {
    fn at(&self, revision: &str) -> CommitId {
        self.git(&["rev-parse", revision]).parse().unwrap()
    }

    /// Commits these files on a branch, which begins at `from`.
    fn branch(&self, name: &str, from: &str, files: &[(&str, &str)]) -> CommitId {
        self.git(&["checkout", "-q", "-B", name, from]);
        for (path, text) in files {
            self.write(path, text);
        }
        self.commit(name);
        self.at("HEAD")
    }

    /// A commit with the tree of one revision and these parents, as the new `main`.
    fn made(&self, tree: &str, parents: &[&str]) -> CommitId {
        let parents: Vec<&str> = parents.iter().flat_map(|parent| ["-p", *parent]).collect();
        let of = format!("{tree}^{{tree}}");
        let commit: Vec<&str> = ["commit-tree", &of, "-m", "made"].into_iter().chain(parents).collect();
        let id = self.git(&commit);
        self.git(&["update-ref", "refs/heads/main", &id]);
        self.git(&["checkout", "-q", "-f", "main"]);
        id.parse().unwrap()
    }

    /// The range up to `main`, each commit by its subject with what it changes.
    fn range(&self, from: CommitId) -> Result<Vec<(String, Vec<String>)>, RangeError> {
        self.git(&["checkout", "-q", "-f", "main"]);
        let to = self.fetch().unwrap().id;
        let mut links = self.mirror.range(from, to)?;
        links.sort_by(|one, other| one.commit.subject.cmp(&other.commit.subject));
        let told = |link: Link| (link.commit.subject, link.paths.into_iter().collect());
        Ok(links.into_iter().map(told).collect())
    }
}

fn told(range: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    range.iter().map(|(subject, paths)| ((*subject).to_owned(), texts(paths))).collect()
}

/// `main` with two files, each of which was changed once.
fn world() -> (World, CommitId, CommitId) {
    let world = World::new();
    world.write("a", "1");
    world.write("b", "1");
    world.commit("first");
    let first = world.at("HEAD");
    world.git(&["branch", "old"]);
    world.write("a", "2");
    world.commit("second");
    let second = world.at("HEAD");
    (world, first, second)
}

#[test]
fn every_commit_has_what_it_changes() {
    let (world, first, second) = world();
    world.git(&["rm", "-q", "-r", "b"]);
    world.write("b/c", "1");
    world.write("b/d/e", "1");
    world.commit("third");
    assert_eq!(world.range(first).unwrap(), told(&[("second", &["a"]), ("third", &["b", "b/c", "b/d/e"])]));
    assert_eq!(world.range(second).unwrap().len(), 1);
    let third = world.at("HEAD");
    assert_eq!(world.range(third).unwrap(), []);
    let all: BTreeSet<String> = ["a", "b", "b/c", "b/d/e"].map(str::to_owned).into();
    assert_eq!(world.mirror.changed(first, third).unwrap(), all);
}

#[test]
fn a_merge_decides_nothing_that_follows() {
    let (world, _, second) = world();
    world.branch("side", "old", &[("b", "2"), ("c", "1")]);
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "-m", "merge", "side"]);
    assert_eq!(world.range(second).unwrap(), told(&[("merge", &[]), ("side", &["b", "c"])]));
}

#[test]
fn inv26_a_merge_answers_for_what_it_brings_back_or_makes_up() {
    let (world, _, second) = world();
    // The side knows `a` as it was; a merge that takes it from there undoes what was accepted.
    world.branch("side", "old", &[("b", "2")]);
    world.made("side", &["main", "side"]);
    assert_eq!(world.range(second).unwrap(), told(&[("made", &["a"]), ("side", &["b"])]));
    // The other way round it is the same, and so where the old commit is a parent itself.
    world.git(&["update-ref", "refs/heads/main", &second.to_string()]);
    world.made("side", &["side", "main"]);
    assert_eq!(world.range(second).unwrap(), told(&[("made", &["a"]), ("side", &["b"])]));
    world.git(&["update-ref", "refs/heads/main", &second.to_string()]);
    world.made("old", &["main", "old"]);
    assert_eq!(world.range(second).unwrap(), told(&[("made", &["a"])]));
    // What neither side has, and what is left of the side's work.
    world.git(&["update-ref", "refs/heads/main", &second.to_string()]);
    world.branch("evil", "main", &[("a", "3"), ("d", "1")]);
    world.made("evil", &[&second.to_string(), "side"]);
    assert_eq!(world.range(second).unwrap(), told(&[("made", &["a", "b", "d"]), ("side", &["b"])]));
}

#[test]
fn a_merge_of_several_or_of_strangers_answers_for_all() {
    let (world, _, second) = world();
    world.branch("side", "old", &[("b", "2")]);
    world.branch("more", "old", &[("c", "1")]);
    world.made("side", &["main", "side", "more"]);
    assert_eq!(world.range(second).unwrap(), told(&[("made", &["a", "b", "c"]), ("more", &["c"]), ("side", &["b"])]));
    world.git(&["checkout", "-q", "--orphan", "strange"]);
    world.git(&["rm", "-q", "-r", "-f", "."]);
    world.write("a", "9");
    world.commit("strange");
    world.git(&["update-ref", "refs/heads/main", &second.to_string()]);
    world.made("strange", &[&second.to_string(), "strange"]);
    assert_eq!(world.range(second).unwrap(), told(&[("made", &["a", "b"]), ("strange", &["a"])]));
}

#[test]
fn history_that_was_rewritten_or_turned_back_has_no_range() {
    let (world, first, second) = world();
    world.git(&["update-ref", "refs/heads/main", &first.to_string()]);
    world.fetch().unwrap();
    assert!(matches!(world.range(second), Err(RangeError::Rewritten { .. })));
    world.branch("other", "main", &[("a", "2")]);
    world.git(&["update-ref", "refs/heads/main", "other"]);
    assert!(matches!(world.range(second), Err(RangeError::Rewritten { .. })));
}

#[test]
fn dates_decide_nothing() {
    let (world, _, second) = world();
    let dated = |date: &str, branch: &str, text: &str| {
        world.git(&["checkout", "-q", "-B", branch, "old"]);
        world.write(branch, text);
        world.git(&["add", "-A"]);
        let date = format!("GIT_COMMITTER_DATE={date}");
        let tree = world.git(&["write-tree"]);
        let id = world.git(&[
            "-c",
            &format!("alias.dated=!{date} git commit-tree"),
            "dated",
            &tree,
            "-p",
            "old",
            "-m",
            branch,
        ]);
        world.git(&["update-ref", &format!("refs/heads/{branch}"), &id]);
        world.git(&["checkout", "-q", "-f", branch]);
    };
    for (branch, date) in [("past", "1970-01-02T00:00:00Z"), ("tomorrow", "2090-01-01T00:00:00Z")] {
        dated(date, branch, "1");
        world.git(&["update-ref", "refs/heads/main", &second.to_string()]);
        world.made(branch, &["main", branch]);
        assert_eq!(world.range(second).unwrap(), told(&[("made", &["a"]), (branch, &[branch])]));
    }
}

#[test]
fn a_tag_speaks_of_its_own_name_only() {
    let world = World::new();
    world.write("a", "1");
    world.commit("first");
    let key = world.folder.path().join("key");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(made.unwrap().success());
    let key = format!("user.signingkey={}", key.display());
    world.git(&["-c", "gpg.format=ssh", "-c", &key, "tag", "-s", "-m", "one", "stable"]);
    world.git(&["tag", "light"]);
    let signature = |name: &str| {
        let name = format!("refs/tags/{name}").parse().unwrap();
        let commit = world.mirror.fetch(&world.location(), &name, &super::FetchOptions::default()).unwrap();
        world.mirror.tag_signature(commit.id, &name).unwrap()
    };
    let signed = signature("stable").unwrap();
    assert!(signed.signature.starts_with(b"-----BEGIN SSH SIGNATURE-----") && signed.payload.ends_with(b"one\n"));
    assert_eq!(signature("light"), None);
    world.git(&["update-ref", "refs/tags/other", "refs/tags/stable"]);
    assert_eq!(signature("other"), None, "whoever moves refs cannot make it speak of another");
}

/// What a range costs is paid from one budget, however many commits it is spread over.
#[test]
fn inv26_a_range_that_costs_too_much_is_refused_as_a_whole() {
    let (world, first, _) = world();
    for number in 0..4 {
        world.write("a", &number.to_string());
        world.write("b", &number.to_string());
        world.commit("more");
    }
    world.branch("side", "old", &[("c", "1")]);
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "-m", "merge", "side"]);
    let to = world.fetch().unwrap().id;
    let within = |paths, entries, steps| world.mirror.range_within(first, to, Budget { paths, entries, steps });
    assert_eq!(within(1_000, 10_000, 1_000).unwrap().len(), 7);
    for spent in [within(12, 10_000, 1_000), within(1_000, 1_000, 1_000), within(1_000, 10_000, 6)] {
        let error = spent.unwrap_err();
        assert!(matches!(error, RangeError::TooLarge { .. }), "{error}");
        assert!(error.to_string().contains("40000 paths over all"), "{error}");
    }
}

/// Folders within folders, each twice in the one above: few objects that say very much.
#[test]
fn a_folder_that_unfolds_without_end_is_refused_in_time() {
    let (world, first, _) = world();
    let mut tree = world.git(&["mktree"]);
    for _ in 0..60 {
        let listing = ["x", "y"].map(|name| format!("040000 tree {tree}\t{name}\n")).concat();
        tree = world.tree(&listing);
    }
    // Git itself would unfold it into a working copy, and never end.
    let id = world.git(&["commit-tree", &tree, "-m", "bomb", "-p", "main"]);
    world.git(&["update-ref", "refs/heads/main", &id]);
    let to = world.fetch().unwrap().id;
    assert!(matches!(world.mirror.range(first, to), Err(RangeError::TooLarge { .. })));
    assert!(matches!(world.mirror.changed(first, to), Err(RangeError::TooLarge { .. })));
}
