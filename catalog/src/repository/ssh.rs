//! The invocation of ssh: our own known hosts, strictly; nothing forwarded, nothing asked.

use super::location::SshLocation;
use std::ffi::OsString;
use std::path::Path;

/// The arguments that make ssh run `git-upload-pack` at the location.
pub(super) fn arguments(location: &SshLocation, known_hosts: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        options(known_hosts).into_iter().flat_map(|option| ["-o".into(), option]).collect();
    if let Some(port) = location.port {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    if let Some(user) = &location.user {
        arguments.extend(["-l".into(), user.into()]);
    }
    let host = location.host.trim_matches(['[', ']']);
    arguments.extend(["-T".into(), "--".into(), host.into(), upload_pack(&location.path).into()]);
    arguments
}

fn options(known_hosts: &Path) -> Vec<OsString> {
    // ssh expands `%` and splits at spaces in this value.
    let file = known_hosts.display().to_string().replace('%', "%%");
    let fixed = [
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "UpdateHostKeys=no",
        "BatchMode=yes",
        "ConnectTimeout=15",
        "ServerAliveInterval=10",
        "ControlPath=none",
        "ClearAllForwardings=yes",
        "ForwardAgent=no",
        "ForwardX11=no",
        "PermitLocalCommand=no",
        "SendEnv=GIT_PROTOCOL",
    ];
    let own = OsString::from(format!("UserKnownHostsFile=\"{file}\""));
    std::iter::once(own).chain(fixed.map(OsString::from)).collect()
}

/// The other side's shell reads this: the path is one quoted word.
fn upload_pack(path: &str) -> String {
    format!("git-upload-pack '{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Location;

    fn said(text: &str) -> String {
        let Ok(Location::Ssh(ssh)) = Location::parse(text, Path::new("/")) else { panic!("{text}") };
        let words = arguments(&ssh, Path::new("/etc/writ/known hosts"));
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn host_keys_are_checked_against_our_own_file_only() {
        let said = said("ssh://git@git.example:2222/c.git");
        assert!(
            said.contains("-o UserKnownHostsFile=\"/etc/writ/known hosts\" -o StrictHostKeyChecking=yes"),
            "{said}"
        );
        assert!(said.contains("-o GlobalKnownHostsFile=/dev/null"), "{said}");
        assert!(said.ends_with("-p 2222 -l git -T -- git.example git-upload-pack '/c.git'"), "{said}");
    }

    #[test]
    fn a_path_stays_one_word_over_there() {
        assert!(said("git@h:c'; id; '").ends_with(r"git-upload-pack 'c'\''; id; '\'''"));
    }
}
