//! Who may change what, with signatures that git makes: the shipped hub takes up what signers may change, refuses the
//! rest as a whole, and lets a person release it.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;
use writ_e2e::cast;
use writ_e2e::revisions::{FIRST, INTENT, arrives, stands};
use xtask::lab::Cast;
use xtask::{demo, tools};

const NAME: &str = "eu-1";
const PAYMENTS: &str = "intents/payments/cardholder-data.yaml";

/// Everybody's keys, in a folder of their own; gpg's agent ends with it.
struct Keys(TempDir);

impl Keys {
    fn make() -> Result<Self> {
        let keys = Self(tempfile::tempdir()?);
        fs::create_dir(keys.path("gpg"))?;
        fs::set_permissions(keys.path("gpg"), fs::Permissions::from_mode(0o700))?;
        for person in ["linus", "ewa", "stranger"] {
            let mut made = Command::new("ssh-keygen");
            tools::stdout(made.args(["-q", "-t", "ed25519", "-N", "", "-C", person, "-f"]).arg(keys.path(person)))?;
        }
        keys.gpg(&["--quick-gen-key", "Peter <peter@acme.example>", "ed25519", "sign", "1d"])?;
        Ok(keys)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn gpg(&self, arguments: &[&str]) -> Result<String> {
        let mut gpg = Command::new("gpg");
        gpg.args(["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]).args(arguments);
        tools::stdout(gpg.env("GNUPGHOME", self.path("gpg")))
    }

    /// The keys that count, as authority/ of a catalog has them.
    fn list(&self, cast: &Cast) -> Result<()> {
        let line = |person: &str| Ok(format!("{person} {}", fs::read_to_string(self.path(&format!("{person}.pub")))?));
        let lines: Result<String> = ["linus", "ewa"].into_iter().map(line).collect();
        let authority = cast.repository.join("authority");
        fs::write(authority.join("allowed_signers"), lines?)?;
        fs::create_dir(authority.join("openpgp"))?;
        fs::write(authority.join("openpgp/peter.asc"), self.gpg(&["--armor", "--export", "peter@acme.example"])?)?;
        Ok(())
    }

    fn git(&self, cast: &Cast, arguments: &[&str]) -> Result<()> {
        let mut git = Command::new("git");
        git.arg("-C").arg(&cast.repository).args(["-c", "user.name=Linus", "-c", "user.email=linus@acme.example"]);
        git.env("GNUPGHOME", self.path("gpg")).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        tools::stdout(git.args(arguments)).map(drop)
    }

    /// Commits what stands, under the name of Linus, signed with somebody's key.
    fn commit(&self, cast: &Cast, person: &str) -> Result<()> {
        let (format, key) = match person {
            "peter" => ("openpgp", "peter@acme.example".to_owned()),
            _ => ("ssh", self.path(person).display().to_string()),
        };
        let (format, key) = (format!("gpg.format={format}"), format!("user.signingkey={key}"));
        self.git(cast, &["-c", &format, "-c", &key, "commit", "--quiet", "--all", "--gpg-sign", "-m", "Signed"])
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").env("GNUPGHOME", self.path("gpg")).args(["--kill", "all"]).status();
    }
}

fn compress(cast: &Cast, from: &str, to: &str) -> Result<()> {
    demo::edit(cast, INTENT, &format!("compression: {from}"), &format!("compression: {to}"))
}

/// The hub refuses what stands, and says this of it.
fn refused(cast: &Cast, texts: &[&str]) -> Result<()> {
    let output = cast.writ_output(&["catalog", "refresh"])?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "the hub did not refuse it: {said}");
    for text in texts {
        ensure!(said.contains(text), "{text:?} is not said: {said}");
    }
    stands(cast, NAME, "gzip")
}

#[test]
fn inv26_commits_of_who_may_not_make_them_change_nothing_until_a_person_releases_them() -> Result<()> {
    let (cast, keys) = (cast(1, &[])?, Keys::make()?);
    arrives(&cast, NAME, FIRST)?;
    // From here on each commit is judged by its own signer, and by what stood before it.
    demo::edit(&cast, "writ.yaml", "spec:\n", "spec:\n  verify: every\n")?;
    keys.list(&cast)?;
    cast.commit("Signatures count")?;
    cast.writ(&["catalog", "refresh"])?;
    compress(&cast, FIRST, "gzip")?;
    keys.commit(&cast, "linus")?;
    demo::edit(&cast, PAYMENTS, "risk: critical", "risk: critical # Payments looked at it.")?;
    keys.commit(&cast, "peter")?;
    cast.writ(&["catalog", "refresh"])?;
    arrives(&cast, NAME, "gzip")?;

    let rule = "this file (ConfigTemplate/telemetry)";
    for (signer, told) in [
        ("ewa", format!("`ewa` may not change {rule}")),
        ("peter", format!("`peter` may not change {rule}")),
        ("stranger", format!("{rule} was changed by nobody who is known")),
    ] {
        compress(&cast, "gzip", "none")?;
        keys.commit(&cast, signer)?;
        refused(&cast, &[INTENT, &told])?;
        keys.git(&cast, &["reset", "--quiet", "--hard", "HEAD~1"])?;
    }
    // Of a range all waits, also what its signer may do.
    compress(&cast, "gzip", "none")?;
    keys.commit(&cast, "linus")?;
    demo::edit(&cast, PAYMENTS, "# Payments looked at it.", "# Ewa did too.")?;
    keys.commit(&cast, "ewa")?;
    refused(&cast, &[PAYMENTS, "`ewa` may not change this file ("])?;
    keys.git(&cast, &["reset", "--quiet", "--hard", "HEAD~2"])?;

    compress(&cast, "gzip", "none")?;
    cast.commit("Nobody signs this")?;
    refused(&cast, &[INTENT, "which is not signed"])?;

    let holds = cast.writ_json(&["hold", "list"])?;
    let waiting = |hold: &&Value| hold.get("message").is_some_and(|text| !text.to_string().contains("no longer holds"));
    let items = holds.get("items").and_then(Value::as_array).context("a list has items")?;
    let hold = items.iter().find(waiting).context("what was refused is held")?;
    ensure!(hold.get("reason") == Some(&"Changes".into()) && hold.to_string().contains(rule), "{hold}");
    let digest = hold.get("digest").and_then(Value::as_str).context("a hold has a digest")?;
    ensure!(cast.writ(&["hold", "show", digest])?.contains("which is not signed"), "who changed what is shown");
    cast.writ(&["hold", "release", digest, "--reason", "looked at"])?;
    arrives(&cast, NAME, "none")
}
