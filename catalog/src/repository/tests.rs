//! Fetching and reading with a real git.

use super::{FetchError, FetchOptions, Location, Repository};
use crate::read::{Limits, Read, read_folder};
use policy::diagnostic::{Code, Severity};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A working repository, and a mirror beside it.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) mirror: Repository,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Repository::open(&folder.path().join("catalog.git")).unwrap();
        let world = Self { folder, mirror };
        fs::create_dir(world.work()).unwrap();
        world.git(&["init", "-q", "-b", "main"]);
        world
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_with(arguments, b"")
    }

    fn git_with(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ada", "-c", "user.email=ada@acme.example", "-c", "core.protectNTFS=false"]);
        command
            .args(arguments)
            .current_dir(self.work())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GNUPGHOME", self.folder.path().join("gpg"))
            .env("HOME", self.folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn commit(&self, subject: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
    }

    /// Commits a tree with one entry under `intents/`, of a mode and name that no working copy would allow.
    fn commit_entry(&self, mode: &str, name: &str) {
        let blob = self.git_with(&["hash-object", "-w", "--stdin"], b"kind: X\n");
        let object = if mode == "160000" { "1234567890123456789012345678901234567890" } else { blob.as_str() };
        let mut tree = format!("{mode} {name}\0").into_bytes();
        tree.extend((0..20).map(|at| u8::from_str_radix(&object[2 * at..2 * at + 2], 16).unwrap()));
        let tree = self.git_with(&["hash-object", "-t", "tree", "-w", "--stdin", "--literally"], &tree);
        self.commit_tree(&format!("040000 tree {tree}\tintents\n"));
    }

    /// Writes a tree with these entries.
    pub(crate) fn tree(&self, listing: &str) -> String {
        self.git_with(&["mktree", "--missing"], listing.as_bytes())
    }

    fn commit_tree(&self, listing: &str) {
        let tree = self.tree(listing);
        let commit = self.git(&["commit-tree", &tree, "-m", "hostile"]);
        self.git(&["update-ref", "refs/heads/main", &commit]);
    }

    pub(crate) fn location(&self) -> Location {
        Location::parse("work", self.folder.path()).unwrap()
    }

    pub(crate) fn fetch(&self) -> Result<super::Commit, FetchError> {
        self.mirror.fetch(&self.location(), &"main".parse().unwrap(), &FetchOptions::default())
    }

    fn read(&self) -> Read {
        let commit = self.fetch().unwrap();
        self.mirror.read(commit.id, Limits::default()).unwrap()
    }
}

fn codes(read: &Read) -> Vec<(&str, Code)> {
    read.diagnostics.iter().map(|diagnostic| (diagnostic.file.as_str(), diagnostic.code)).collect()
}

#[test]
fn a_commit_and_its_working_copy_are_one_catalog() {
    let world = World::new();
    world.write("writ.yaml", "kind: Catalog\n");
    world.write("intents/team/quota.yaml", "kind: ResourceGuard\n");
    world.write("guardrails/host.cedar", "forbid(principal, action, resource);\n");
    world.write("regions/eu/parameters/eu.yml", "kind: Parameters\n");
    for passed_over in ["README.md", "docs/a.png", "intents/README.md", "intents/.hidden.yaml", ".github/ci.yaml"] {
        world.write(passed_over, "x");
    }
    world.commit("All of it");
    let (commit, folder) = (world.read(), read_folder(&world.work(), Limits::default()).unwrap());
    assert_eq!(commit.diagnostics, []);
    assert_eq!(folder.diagnostics, []);
    assert_eq!(commit.sources, folder.sources);
    let paths: Vec<&str> = commit.sources.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        ["guardrails/host.cedar", "intents/team/quota.yaml", "regions/eu/parameters/eu.yml", "writ.yaml"]
    );
}

#[test]
fn what_is_not_read_is_told_in_a_commit_and_its_working_copy() {
    let world = World::new();
    for path in ["intent/a/t2.yaml", "intent/t3.yaml", "intents/a/t2.txt", "docs/deep/b.cedar", "docs/c.md", "writ.yml"]
    {
        world.write(path, "x");
    }
    world.commit("Strays");
    let (commit, folder) = (world.read(), read_folder(&world.work(), Limits::default()).unwrap());
    let told: Vec<_> = commit.diagnostics.iter().map(|found| (found.file.as_str(), found.severity)).collect();
    assert_eq!(
        told,
        [
            ("docs/deep/b.cedar", Severity::Error),
            ("intent/a/t2.yaml", Severity::Error),
            ("intents/a/t2.txt", Severity::Warning),
            ("writ.yml", Severity::Warning),
        ]
    );
    assert_eq!(commit.diagnostics, folder.diagnostics);
    assert_eq!((commit.sources.len(), folder.sources.len()), (0, 0));
}

#[test]
fn a_fetch_follows_the_ref_and_tells_of_its_commit() {
    let world = World::new();
    world.write("regions/eu/parameters/a.yaml", "a");
    world.commit("First\n\nwith a body");
    let first = world.fetch().unwrap();
    assert_eq!((first.author.as_str(), first.subject.as_str()), ("Ada <ada@acme.example>", "First"));

    world.write("intents/a.yaml", "a");
    world.commit("Second");
    let second = world.fetch().unwrap();
    assert_eq!(world.mirror.followed().unwrap(), Some(second.id));
    assert_eq!(world.mirror.resolve(&first.id.to_string()[..8]).unwrap(), first.id);
    assert!(world.mirror.resolve("HEAD~1").is_err());

    // History that was rewritten is taken up too; who follows it is for the hub to judge.
    world.git(&["reset", "-q", "--hard", &first.id.to_string()]);
    world.commit("Another second");
    assert_ne!(world.fetch().unwrap().id, second.id);
}

/// Every fetch brings a pack; an open repository has room for so many only.
#[test]
fn many_fetches_leave_few_packs_and_every_commit() {
    let world = World::new();
    world.write("writ.yaml", "0");
    world.commit("first");
    let first = world.fetch().unwrap();
    world.git(&["checkout", "-q", "--orphan", "other"]);
    world.git(&["branch", "-q", "-D", "main"]);
    world.git(&["branch", "-q", "-m", "main"]);
    for number in 1..60 {
        world.write("writ.yaml", &number.to_string());
        world.commit("next");
        world.fetch().unwrap();
    }
    assert!(world.mirror.read(first.id, Limits::default()).is_ok(), "what the ref has left behind stays");
    let packs = fs::read_dir(world.folder.path().join("catalog.git/objects/pack")).unwrap().flatten();
    assert!(packs.filter(|entry| entry.path().extension().is_some_and(|e| e == "pack")).count() < 30);
}

#[test]
fn a_mirror_is_found_again() {
    let world = World::new();
    world.commit("First");
    let commit = world.fetch().unwrap();
    let again = Repository::open(&world.folder.path().join("catalog.git")).unwrap();
    assert_eq!(again.followed().unwrap(), Some(commit.id));
    assert_eq!(again.commit(commit.id).unwrap(), commit);
}

#[test]
fn hostile_entries_of_a_commit_are_refused() {
    for (mode, name, file) in [
        ("120000", "a.yaml", "intents/a.yaml"),
        ("160000", "sub", "intents/sub"),
        ("100644", "..", "intents/.."),
        ("100644", "../../etc/passwd", "intents/../../etc/passwd"),
        ("100644", "/etc/x.yaml", "intents//etc/x.yaml"),
        ("100644", ".git", "intents/.git"),
        ("100644", "NUL.yaml", "intents/NUL.yaml"),
        ("100644", "a\u{1b}[2J.yaml", "intents/a\\u{1b}[2J.yaml"),
        ("100644", "a\\b.yaml", "intents/a\\b.yaml"),
    ] {
        let world = World::new();
        world.commit_entry(mode, name);
        let commit = world.fetch().unwrap();
        let read = world.mirror.read(commit.id, Limits::default()).unwrap();
        assert_eq!(codes(&read), [(file, Code::PathRefused)]);
        assert!(read.sources.is_empty());
    }
}

#[test]
fn a_folder_that_holds_itself_many_times_over_ends_at_the_limit() {
    let world = World::new();
    let blob = world.git_with(&["hash-object", "-w", "--stdin"], b"x");
    let mut tree = world.git_with(&["mktree"], format!("100644 blob {blob}\ta.yaml\n").as_bytes());
    for _ in 0..12 {
        let listing: String = (0..10).map(|n| format!("040000 tree {tree}\td{n}\n")).collect();
        tree = world.git_with(&["mktree"], listing.as_bytes());
    }
    world.commit_tree(&format!("040000 tree {tree}\tintents\n"));
    assert_eq!(codes(&world.read()), [("writ.yaml", Code::TooLarge)]);
}

#[test]
fn large_files_are_refused_before_they_are_unpacked() {
    let world = World::new();
    world.write("intents/big.yaml", &"x".repeat(1024 * 1024 + 1));
    world.write("intents/most.yaml", &"x".repeat(1024 * 1024));
    world.commit("Large");
    let read = world.read();
    assert_eq!(codes(&read), [("intents/big.yaml", Code::TooLarge)]);
    assert_eq!(read.sources.len(), 1);
}

#[test]
fn a_working_copy_is_judged_alike() {
    let world = World::new();
    for name in ["A.yaml", "a.yaml", "NUL.yaml", "b\n.yaml"] {
        world.write(&format!("intents/{name}"), "x");
    }
    fs::write(world.work().join("intents/latin.yaml"), b"\xe9").unwrap();
    symlink("/etc/passwd", world.work().join("intents/link.yaml")).unwrap();
    symlink("/etc", world.work().join("clusters")).unwrap();
    let fifo = world.work().join("intents/pipe.yaml");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let read = read_folder(&world.work(), Limits::default()).unwrap();
    assert_eq!(
        codes(&read),
        [
            ("clusters", Code::PathRefused),
            ("intents/NUL.yaml", Code::PathRefused),
            ("intents/a.yaml", Code::PathRefused),
            ("intents/b\\u{a}.yaml", Code::PathRefused),
            ("intents/latin.yaml", Code::YamlInvalid),
            ("intents/link.yaml", Code::PathRefused),
            ("intents/pipe.yaml", Code::PathRefused),
        ]
    );
    assert!(read.diagnostics.iter().all(|diagnostic| diagnostic.help.is_some()));
    assert_eq!(read.sources.keys().collect::<Vec<_>>(), ["intents/A.yaml"]);
}

#[test]
fn whole_catalogs_have_limits_too() {
    let world = World::new();
    for n in 0..5 {
        world.write(&format!("intents/{n}.yaml"), "0123456789");
    }
    world.write("intents/a/b/c/d.yaml", "x");
    let judged = |limits: Limits| {
        let read = read_folder(&world.work(), limits).unwrap();
        read.diagnostics.iter().map(|d| (d.file.clone(), d.code)).collect::<Vec<_>>()
    };
    let (whole, deep) = ("writ.yaml".to_owned(), "intents/a/b".to_owned());
    assert_eq!(judged(Limits { total: 45, ..Limits::default() }), [(whole.clone(), Code::TooLarge)]);
    assert_eq!(judged(Limits { entries: 4, ..Limits::default() }), [(whole, Code::TooLarge)]);
    assert_eq!(judged(Limits { depth: 2, ..Limits::default() }), [(deep, Code::TooLarge)]);
    assert!(judged(Limits::default()).is_empty());
}

#[test]
fn what_is_not_there_is_a_sentence() {
    let world = World::new();
    world.commit("First");
    let fetch = |at: &Path, name: &str, options: &FetchOptions| {
        let location = Location::parse(at.to_str().unwrap(), Path::new("/")).unwrap();
        world.mirror.fetch(&location, &name.parse().unwrap(), options).unwrap_err()
    };
    let ordinary = FetchOptions::default();
    assert!(matches!(fetch(&world.work(), "release", &ordinary), FetchError::NoSuchRef { .. }));
    let absent = fetch(&world.folder.path().join("nothing"), "main", &ordinary);
    let place = world.folder.path().join("nothing").display().to_string();
    let told = format!(
        "cannot fetch `refs/heads/main` from {place}: '{place}' does not appear to be a git repository; see that it is a \
         git repository that this user may read"
    );
    assert_eq!(absent.to_string(), told);
    assert!(std::error::Error::source(&absent).is_none(), "nothing more is told of it");
    let no_git = FetchOptions { git: "/nonexistent/git".into(), ..FetchOptions::default() };
    assert!(
        fetch(&world.work(), "main", &no_git).to_string().starts_with("cannot start `/nonexistent/git`; install it")
    );
    assert!(read_folder(&world.folder.path().join("nothing"), Limits::default()).is_err());
}

#[test]
fn ssh_needs_known_hosts_and_believes_no_other() {
    let world = World::new();
    let location = Location::parse("git@git.invalid:c.git", Path::new("/")).unwrap();
    let fetch = |options: &FetchOptions| world.mirror.fetch(&location, &"main".parse().unwrap(), options);
    let error = fetch(&FetchOptions::default()).unwrap_err();
    assert!(matches!(error, FetchError::NoKnownHosts { .. }), "{error}");

    let known_hosts = Some(world.folder.path().join("known_hosts"));
    fs::write(known_hosts.as_ref().unwrap(), "").unwrap();
    let ssh = world.folder.path().join("ssh");
    fs::write(&ssh, "#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n").unwrap();
    fs::set_permissions(&ssh, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let error = fetch(&FetchOptions { known_hosts, ssh, ..FetchOptions::default() }).unwrap_err();
    assert!(matches!(error, FetchError::HostKey { .. }), "{error}");
}

#[test]
fn a_server_that_never_answers_is_ended() {
    let world = World::new();
    let git = world.folder.path().join("git");
    fs::write(&git, "#!/bin/sh\nsleep 1000 &\nsleep 1000\n").unwrap();
    fs::set_permissions(&git, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let options = FetchOptions { git, deadline: Duration::from_millis(200), ..FetchOptions::default() };
    let error = world.mirror.fetch(&world.location(), &"main".parse().unwrap(), &options).unwrap_err();
    assert!(matches!(error, FetchError::Late { .. }), "{error}");
}

#[test]
fn a_fetch_that_brings_too_much_is_ended() {
    let world = World::new();
    // Bytes that do not compress, so that as many travel.
    let mut state = 1_u64;
    let noise: Vec<u8> = (0..12 * 1024 * 1024)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    fs::write(world.work().join("noise.bin"), noise).unwrap();
    world.commit("Large");
    let options = FetchOptions { bytes: 1024 * 1024, ..FetchOptions::default() };
    let error = world.mirror.fetch(&world.location(), &"main".parse().unwrap(), &options).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
    assert_eq!(world.mirror.followed().unwrap(), None);
}
