//! Subjects: who they are, and that they are somebody.

use super::super::spec::{Grant, ServiceAccount};
use crate::diagnostic::Code;
use crate::kinds::kind::Fault;
use crate::name::Namespace;
use crate::selector::fault::is_subdomain;
use std::collections::BTreeSet;

pub(super) fn inspect(grant: &Grant, namespaced: bool, place: &str) -> Vec<Fault> {
    let place = format!("{place}/subjects");
    let subjects = &grant.subjects;
    let mut faults = Vec::new();
    if subjects.is_empty() && !grant.exclusive {
        let message = format!("grant `{}` is for nobody", grant.name);
        let help = "name users, groups or service accounts; `exclusive` alone says that nobody may hold the role";
        faults.push(Fault::warning(Code::SelectsNothing, place.clone(), message, help));
    }
    faults.extend(people(&subjects.users, &format!("{place}/users"), of_user));
    faults.extend(people(&subjects.groups, &format!("{place}/groups"), of_group));
    faults.extend(accounts(&subjects.service_accounts, namespaced, &format!("{place}/serviceAccounts")));
    faults
}

/// What is odd about a name: whether the revision is refused for it, what, and what to do.
type Odd = Option<(bool, String, &'static str)>;

fn people(names: &[String], place: &str, odd: fn(&str) -> Odd) -> Vec<Fault> {
    let mut known = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let place = format!("{place}/{index}");
        if name.trim().is_empty() {
            faults.push(Fault::new(
                Code::InvalidValue,
                place.clone(),
                "this names nobody",
                "write a name, or take it out",
            ));
        } else if !known.insert(name) {
            faults.push(twice(name, &place));
        }
        if let Some((refused, message, help)) = odd(name) {
            let fault = if refused { Fault::new } else { Fault::warning };
            faults.push(fault(Code::InvalidValue, &place, &message, help));
        }
    }
    faults
}

fn twice(name: &str, place: &str) -> Fault {
    Fault::new(Code::Duplicate, place, format!("`{name}` stands here twice"), "keep one of the two")
}

fn of_user(name: &str) -> Odd {
    if name.starts_with("system:serviceaccount:") {
        let message = format!("`{name}` is a service account");
        return Some((true, message, "name it in `serviceAccounts`: {name: …, namespace: …}"));
    }
    let own = name.starts_with("system:") && name != "system:anonymous";
    let message = format!("`{name}` is a part of Kubernetes itself");
    own.then_some((false, message, "name people, or workloads as service accounts"))
}

fn of_group(name: &str) -> Odd {
    if name == "system:masters" {
        let message = "`system:masters` may do everything whatever roles it holds".to_owned();
        return Some((false, message, "name a group of your own"));
    }
    let known = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];
    let own = name.starts_with("system:") && !known.contains(&name) && !name.starts_with("system:serviceaccounts:");
    let message = format!("`{name}` is a part of Kubernetes itself");
    own.then_some((false, message, "name people, or workloads as service accounts"))
}

fn accounts(accounts: &[ServiceAccount], namespaced: bool, place: &str) -> Vec<Fault> {
    let mut known = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, account) in accounts.iter().enumerate() {
        let place = format!("{place}/{index}");
        let ServiceAccount { name, namespace } = account;
        if !known.insert(account) {
            faults.push(twice(name, &place));
        }
        if !is_subdomain(name) {
            let message = format!("`{name}` is not the name of a service account");
            faults.push(Fault::new(Code::InvalidValue, format!("{place}/name"), message, "write a DNS subdomain"));
        }
        match namespace {
            Some(namespace) if namespace.parse::<Namespace>().is_err() => {
                let message = format!("`{namespace}` is not the name of a namespace");
                faults.push(Fault::new(Code::InvalidValue, format!("{place}/namespace"), message, "write a DNS label"));
            }
            None if !namespaced => {
                let message = format!("the namespace of service account `{name}` is missing");
                let help = "add `namespace`: this rule holds in the cluster, so there is none to take it from";
                faults.push(Fault::new(Code::MissingField, place, message, help));
            }
            _ => {}
        }
    }
    faults
}
