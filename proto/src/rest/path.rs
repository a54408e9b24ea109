//! The paths, said once for the hub's router and for its clients.

/// `GET`: the whole of the fleet in one answer.
pub const STATUS: &str = "/v1alpha1/status";
/// `GET`: all clusters.
pub const CLUSTERS: &str = "/v1alpha1/clusters";
/// `GET`: one cluster.
pub const CLUSTER: &str = "/v1alpha1/clusters/{name}";
/// `POST`: a join string for one cluster.
pub const INVITE: &str = "/v1alpha1/clusters/{name}/invite";
/// `POST`: revokes one cluster's identity.
pub const REVOKE: &str = "/v1alpha1/clusters/{name}/revoke";
/// `POST`: reads the catalog now and answers with what came of it.
pub const REFRESH: &str = "/v1alpha1/catalog/refresh";
/// `GET`, `PUT`, `DELETE`: the pin.
pub const PIN: &str = "/v1alpha1/pin";
/// `GET`: what waits for a person.
pub const HOLDS: &str = "/v1alpha1/holds";
/// `GET`: one of those.
pub const HOLD: &str = "/v1alpha1/holds/{name}";
/// `POST`: releases it.
pub const RELEASE: &str = "/v1alpha1/holds/{name}/release";

/// A path with its `{name}` filled in. Names are DNS labels and need no escaping; anything else is percent-encoded,
/// so that a name can never change which route is called.
#[must_use]
pub fn with_name(path: &str, name: &str) -> String {
    path.replace("{name}", &encoded(name))
}

fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_segment() {
        assert_eq!(with_name(CLUSTER, "eu-1"), "/v1alpha1/clusters/eu-1");
        assert_eq!(with_name(CLUSTER, "../pin?x"), "/v1alpha1/clusters/%2E%2E%2Fpin%3Fx");
    }
}
