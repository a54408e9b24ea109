//! Who must keep cluster-admin, whatever rules say.

use policy::access::{Lifeline, Subject};
use policy::diagnostic::{Code, Diagnostic};
use policy::document::Doc;
use policy::name::Namespace;
use schemars::JsonSchema;
use serde::Deserialize;

/// The group that the API server asks no role of.
const MASTERS: &str = "system:masters";

/// Subjects of whom one must always hold cluster-admin.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LifelineSpec {
    /// Users, as the API server names them.
    #[serde(default)]
    users: Vec<String>,
    /// Groups, as the API server names them.
    #[serde(default)]
    groups: Vec<String>,
    /// Service accounts.
    #[serde(default)]
    service_accounts: Vec<Account>,
}

/// A service account.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Account {
    /// Its namespace.
    namespace: Namespace,
    /// Its name.
    name: String,
}

impl LifelineSpec {
    pub(super) fn lifeline(&self) -> Lifeline {
        let users = self.users.iter().map(|name| Subject::User { name: name.clone() });
        let groups = self.groups.iter().map(|name| Subject::Group { name: name.clone() });
        let accounts = self.service_accounts.iter().map(|account| Subject::ServiceAccount {
            namespace: account.namespace.to_string(),
            name: account.name.clone(),
        });
        users.chain(groups).chain(accounts).collect()
    }

    /// What would make it hold back nothing.
    pub(super) fn faults(&self, doc: &Doc) -> Vec<Diagnostic> {
        let masters = self.groups.iter().enumerate().filter(|(_, name)| *name == MASTERS);
        let always = masters.map(|(index, _)| {
            let message = format!("`{MASTERS}` may do everything without any role, so it is never cut off");
            let fault = doc.error(Code::InvalidValue, &format!("/spec/lifeline/groups/{index}"), message);
            fault.help("name those who have nothing but their role")
        });
        let accounts = self.service_accounts.iter().map(|account| &account.name);
        let names = [("users", self.users.iter().collect::<Vec<_>>()), ("groups", self.groups.iter().collect())];
        let places = names.into_iter().chain([("serviceAccounts", accounts.collect())]);
        let empty = places.flat_map(|(field, names)| {
            let nobody = names.into_iter().enumerate().filter(|(_, name)| name.trim().is_empty());
            nobody.map(move |(index, _)| {
                let at = format!("/spec/lifeline/{field}/{index}");
                doc.error(Code::InvalidValue, &at, "this names nobody").help("write a name, or take it out")
            })
        });
        always.chain(empty).collect()
    }
}
