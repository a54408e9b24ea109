//! Signatures that git itself makes, by ssh-keygen and gpg.

use super::{Anonymous, Signed, Signers};
use crate::repository::tests::World;
use jiff::{SignedDuration, Timestamp};
use policy::catalog::Sources;
use std::fs;
use std::process::Command;

fn now() -> Timestamp {
    // A test of what git writes needs its time.
    Timestamp::try_from(fs::metadata("/proc/self").unwrap().modified().unwrap()).unwrap()
}

fn later(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

/// Makes an SSH key; its public half as a file has it.
fn ssh_key(world: &World, name: &str, kind: &str) -> String {
    let file = world.folder.path().join(name);
    let made = Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-C", name, "-f"]).arg(&file).status();
    assert!(made.unwrap().success());
    fs::read_to_string(file.with_extension("pub")).unwrap()
}

fn allowed(lines: &str) -> Signers {
    let (signers, found) = Signers::read(&Sources::from([("authority/allowed_signers".to_owned(), lines.into())]));
    assert_eq!(found, [], "{lines}");
    signers
}

/// Commits as Ada, signed by `configured`.
fn commit(world: &World, configured: &[&str]) -> Option<Signed> {
    let configured = configured.iter().flat_map(|one| ["-c", *one]);
    let commit = ["commit", "-q", "--allow-empty", "-m", "signed, or not"];
    world.git(&configured.chain(commit).collect::<Vec<_>>());
    world.mirror.signature(world.fetch().unwrap().id).unwrap()
}

fn by_ssh(world: &World, name: &str) -> Option<Signed> {
    let key = format!("user.signingkey={}", world.folder.path().join(name).display());
    commit(world, &["gpg.format=ssh", "commit.gpgsign=true", &key])
}

#[test]
fn ssh_keys_of_every_kind_tell_their_person() {
    let world = World::new();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let public = ssh_key(&world, kind, kind);
        let signed = by_ssh(&world, kind);
        assert_eq!(allowed(&format!("ada {public}")).who(signed.as_ref(), now()), Ok("ada"), "{kind}");
        let quoted = format!("# Ada's\n\n\"ada\" namespaces=\"file,git\",valid-after=\"20200101\" {public}");
        assert_eq!(allowed(&quoted).who(signed.as_ref(), now()), Ok("ada"), "{kind}");
    }
}

#[test]
fn inv26_a_name_is_nobody_without_the_key() {
    let world = World::new();
    let (ada, mallory) = (ssh_key(&world, "ada", "ed25519"), ssh_key(&world, "mallory", "ed25519"));
    let signers = allowed(&format!("ada {ada}"));
    assert_eq!(signers.who(commit(&world, &[]).as_ref(), now()), Err(Anonymous::Unsigned));
    let signed = by_ssh(&world, "mallory").unwrap();
    assert!(matches!(signers.who(Some(&signed), now()), Err(Anonymous::Unlisted(_))));
    assert_eq!(allowed(&format!("mallory {mallory}")).who(Some(&signed), now()), Ok("mallory"));
    // Ada's own signature, under another commit.
    let other = by_ssh(&world, "ada").unwrap();
    let moved = Signed { signature: other.signature.clone(), payload: signed.payload };
    assert_eq!(signers.who(Some(&moved), now()), Err(Anonymous::Forged));
    for signature in ["", "-----BEGIN SSH SIGNATURE-----\nnonsense\n-----END SSH SIGNATURE-----", "\u{0}"] {
        let unread = Signed { signature: signature.into(), payload: other.payload.clone() };
        assert_eq!(signers.who(Some(&unread), now()), Err(Anonymous::Unreadable), "{signature}");
    }
}

#[test]
fn what_was_signed_for_something_else_is_forged() {
    let world = World::new();
    let ada = ssh_key(&world, "ada", "ed25519");
    let file = world.folder.path().join("payload");
    fs::write(&file, "tree 0\n").unwrap();
    let sign = |namespace: &str| {
        let key = world.folder.path().join("ada");
        let args = ["-q", "-Y", "sign", "-n", namespace, "-f"];
        let _ = fs::remove_file(file.with_extension("sig"));
        assert!(Command::new("ssh-keygen").args(args).arg(key).arg(&file).status().unwrap().success());
        Signed { signature: fs::read(file.with_extension("sig")).unwrap(), payload: b"tree 0\n".to_vec() }
    };
    let signers = allowed(&format!("ada {ada}"));
    assert_eq!(signers.who(Some(&sign("git")), now()), Ok("ada"));
    assert_eq!(signers.who(Some(&sign("file")), now()), Err(Anonymous::Forged));
}

#[test]
fn keys_end() {
    let world = World::new();
    let ada = ssh_key(&world, "ada", "ed25519");
    let signed = by_ssh(&world, "ada");
    let ended = allowed(&format!("ada valid-before=20200101 {ada}"));
    assert!(matches!(ended.who(signed.as_ref(), now()), Err(Anonymous::Unfit(person, _)) if person == "ada"));
}

#[test]
fn faulty_lines_are_told_in_their_place() {
    let world = World::new();
    let ada = ssh_key(&world, "ada", "ed25519");
    let lines = format!(
        "ada {ada}*@acme.example {ada}bob {ada}bob namespaces=\"file\" {ada}bob cert-authority {ada}bob ssh-ed25519 AAAA\nanonymous {ada}bob nonsense {ada}bob\n"
    );
    let (signers, found) = Signers::read(&Sources::from([
        ("authority/allowed_signers".to_owned(), lines.into()),
        ("authority/openpgp/bob.asc".to_owned(), "nonsense".into()),
    ]));
    let told: Vec<String> = found.iter().map(|found| found.to_string()).collect();
    let starts = [
        "2:1: `*@acme.example` names no one person",
        "3:1: this key is that of `ada` already",
        "4:1: this key may not sign commits",
        "5:1: certificates of SSH keys",
        "6:1: this is no SSH public key",
        "7:1: `anonymous` names no one person",
        "8:1: there is no option `nonsense`",
        "9:1: this is no SSH public key",
    ];
    for (told, start) in told.iter().zip(starts) {
        assert!(told.starts_with(&format!("authority/allowed_signers:{start}")), "{told}, not {start}");
    }
    assert_eq!(told.len(), starts.len() + 1, "{told:#?}");
    assert!(told.last().unwrap().starts_with("authority/openpgp/bob.asc:1:1: this is no OpenPGP public key"));
    assert_eq!((signers.ssh.len(), signers.openpgp.len()), (1, 0));
}

/// A keyring of its own, whose agent ends with it.
struct Gpg<'w>(&'w World);

impl<'w> Gpg<'w> {
    fn new(world: &'w World) -> Self {
        let home = world.folder.path().join("gpg");
        fs::create_dir(&home).unwrap();
        assert!(Command::new("chmod").arg("700").arg(&home).status().unwrap().success());
        Self(world)
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""]);
        command.env("GNUPGHOME", self.0.folder.path().join("gpg")).args(arguments);
        let output = command.output().expect("gpg, which this test signs with, can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Signs with the key of this address.
    fn commit(&self, address: &str) -> Option<Signed> {
        commit(self.0, &["gpg.format=openpgp", "commit.gpgsign=true", &format!("user.signingkey={address}")])
    }

    fn fingerprint(&self, address: &str) -> String {
        let listed = self.run(&["--with-colons", "--list-keys", address]);
        let line = listed.lines().find(|line| line.starts_with("fpr:")).unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    fn signers(&self, people: &[(&str, &str)]) -> Signers {
        let file = |(person, address): &(&str, &str)| {
            let exported = self.run(&["--armor", "--export", address]);
            (format!("authority/openpgp/{person}.asc"), exported.into())
        };
        let (signers, found) = Signers::read(&people.iter().map(file).collect());
        assert_eq!(found, []);
        signers
    }
}

impl Drop for Gpg<'_> {
    fn drop(&mut self) {
        let home = self.0.folder.path().join("gpg");
        let _ = Command::new("gpgconf").env("GNUPGHOME", home).args(["--kill", "all"]).status();
    }
}

#[test]
fn openpgp_keys_tell_their_person() {
    let world = World::new();
    let gpg = Gpg::new(&world);
    for (address, kind) in
        [("ada@acme.example", "ed25519"), ("bob@acme.example", "rsa2048"), ("eve@acme.example", "ed25519")]
    {
        gpg.run(&["--quick-gen-key", &format!("One <{address}>"), kind, "sign", "10d"]);
    }
    let signers = gpg.signers(&[("ada", "ada@acme.example"), ("bob", "bob@acme.example")]);
    let (ada, bob, eve) =
        (gpg.commit("ada@acme.example"), gpg.commit("bob@acme.example"), gpg.commit("eve@acme.example"));
    assert_eq!(signers.who(ada.as_ref(), now()), Ok("ada"));
    assert_eq!(signers.who(bob.as_ref(), now()), Ok("bob"));
    assert!(matches!(signers.who(eve.as_ref(), now()), Err(Anonymous::Unlisted(_))));
    let moved = Signed { signature: ada.clone().unwrap().signature, payload: bob.unwrap().payload };
    assert_eq!(signers.who(Some(&moved), now()), Err(Anonymous::Forged));
    assert_eq!(signers.who(ada.as_ref(), later(11)), Err(Anonymous::Unfit("ada".into(), "it has ended")));
    assert!(matches!(signers.who(ada.as_ref(), later(-1)), Err(Anonymous::Unfit(_, why)) if why.contains("future")));
}

#[test]
fn keys_that_can_be_guessed_do_not_count() {
    let world = World::new();
    let gpg = Gpg::new(&world);
    gpg.run(&["--quick-gen-key", "Ada <ada@acme.example>", "rsa1024", "sign", "10d"]);
    let signed = gpg.commit("ada@acme.example");
    let signers = gpg.signers(&[("ada", "ada@acme.example")]);
    assert_eq!(signers.who(signed.as_ref(), now()), Err(Anonymous::Unfit("ada".into(), "it is too short")));
}

#[test]
fn subkeys_sign_while_the_key_stands_behind_them() {
    let world = World::new();
    let gpg = Gpg::new(&world);
    let address = "ada@acme.example";
    gpg.run(&["--quick-gen-key", "Ada <ada@acme.example>", "ed25519", "cert", "10d"]);
    let fingerprint = gpg.fingerprint(address);
    gpg.run(&["--quick-add-key", &fingerprint, "ed25519", "sign", "5d"]);
    let signed = gpg.commit(address);
    let who = |signers: &Signers, at| signers.who(signed.as_ref(), at).map(str::to_owned);
    let signers = gpg.signers(&[("ada", address)]);
    assert_eq!(who(&signers, now()), Ok("ada".to_owned()));
    assert_eq!(who(&signers, later(6)), Err(Anonymous::Unfit("ada".into(), "its subkey has ended")));
    assert_eq!(who(&signers, later(11)), Err(Anonymous::Unfit("ada".into(), "it has ended")));
    let revocation = world.folder.path().join(format!("gpg/openpgp-revocs.d/{fingerprint}.rev"));
    let text = fs::read_to_string(&revocation).unwrap().replace(":-----BEGIN", "-----BEGIN");
    fs::write(&revocation, text).unwrap();
    gpg.run(&["--import", revocation.to_str().unwrap()]);
    let revoked = gpg.signers(&[("ada", address)]);
    assert_eq!(who(&revoked, now()), Err(Anonymous::Unfit("ada".into(), "it was revoked")));
}
