//! The paths, said once for the hub's router and for its clients.

use policy::digest::Digest;
use policy::name::ClusterName;

/// `GET`: the whole of the fleet in one answer.
pub const STATUS: &str = "/v1alpha1/status";
/// `GET`: all clusters.
pub const CLUSTERS: &str = "/v1alpha1/clusters";
/// `GET`: one cluster.
pub const CLUSTER: &str = "/v1alpha1/clusters/{name}";
/// `GET`, with `?of=Kind/name&namespace=NAME`: why that is as it is there.
pub const EXPLAIN: &str = "/v1alpha1/clusters/{name}/explain";
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
pub const HOLD: &str = "/v1alpha1/holds/{digest}";
/// `POST`: releases it.
pub const RELEASE: &str = "/v1alpha1/holds/{digest}/release";

/// A path with its `{name}` filled in.
#[must_use]
pub fn of_cluster(path: &str, name: &ClusterName) -> String {
    path.replace("{name}", name.as_str())
}

/// A path with its `{digest}` filled in, which stands there in hex.
#[must_use]
pub fn of_hold(path: &str, digest: &Digest) -> String {
    path.replace("{digest}", &digest.hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_resource_stands_in_one_segment() {
        assert_eq!(of_cluster(REVOKE, &"eu-1".parse().unwrap()), "/v1alpha1/clusters/eu-1/revoke");
        let path = of_hold(RELEASE, &Digest::of(b""));
        assert_eq!(path.split('/').count(), 5);
        assert!(path.contains("/e3b0c44298fc1c149afbf4c8996fb924"));
    }
}
